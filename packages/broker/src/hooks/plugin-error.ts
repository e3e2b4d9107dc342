/**
 * What was given to `use` is not a plugin (`PLUGIN_INVALID`), or one of that name is there already
 * (`PLUGIN_DUPLICATE`). Thrown at the host's call; nothing was registered.
 */
export class InvalidPluginError extends TypeError {
  readonly code: 'PLUGIN_INVALID' | 'PLUGIN_DUPLICATE';

  constructor(code: 'PLUGIN_INVALID' | 'PLUGIN_DUPLICATE', message: string) {
    super(message);
    this.name = 'InvalidPluginError';
    this.code = code;
  }
}

/**
 * A plugin's `setup` threw or rejected (`PLUGIN_SETUP_FAILED`): thrown by `use`, or what `ready` rejects with.
 * Or its `close` failed or took too long (`PLUGIN_CLOSE_FAILED`): logged. The plugin's own error is the `cause`.
 */
export class PluginError extends Error {
  readonly code: 'PLUGIN_SETUP_FAILED' | 'PLUGIN_CLOSE_FAILED';
  /** The name of the plugin. */
  readonly plugin: string;

  constructor(
    code: 'PLUGIN_SETUP_FAILED' | 'PLUGIN_CLOSE_FAILED',
    plugin: string,
    what: string,
    cause?: unknown,
  ) {
    super(`Plugin "${plugin}": ${what}`, cause === undefined ? undefined : { cause });
    this.name = 'PluginError';
    this.code = code;
    this.plugin = plugin;
  }
}
