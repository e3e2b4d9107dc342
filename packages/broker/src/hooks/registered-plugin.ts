import type {
  Broker,
  Clock,
  HookName,
  HookStats,
  Logger,
  Plugin,
  PluginStats,
  RandomSource,
  Registration,
} from '@carillon/hooks';
import type { MaybePromise } from '@carillon/persistence';
import { isThenable } from './ask.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { describeThrown } from './hook-error.ts';
import { PluginError } from './plugin-error.ts';
import type { HookEvent } from './slots.ts';

/** A plugin's handlers, by hook. */
export type PluginHandlers = { [Name in HookName]?: ContainedHandler<HookEvent<Name>> };

/** What a registered plugin asks of the registry. */
export interface PluginKeeper {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  /** Puts the plugin's hooks in force. */
  activate(plugin: RegisteredPlugin): void;
  /** Takes them out, and frees the name. */
  deactivate(plugin: RegisteredPlugin): void;
  /** It is closed, or never came up. */
  forget(plugin: RegisteredPlugin): void;
}

/** `failed`: its setup did. `disposed`: on the way out, or gone. */
type PluginState = 'setting-up' | 'active' | 'failed' | 'disposed';

/** A plugin's life, from `setup` to `close`. */
export class RegisteredPlugin implements Registration {
  readonly name: string;
  readonly handlers: PluginHandlers;
  readonly #plugin: Plugin;
  /** Milliseconds. */
  readonly #timeout: number;
  readonly #keeper: PluginKeeper;
  #state: PluginState = 'setting-up';
  #ready: Promise<void> = Promise.resolve();
  #disposal: Promise<void> | undefined = undefined;

  constructor(plugin: Plugin, handlers: PluginHandlers, timeout: number, keeper: PluginKeeper) {
    this.name = plugin.name;
    this.handlers = handlers;
    this.#plugin = plugin;
    this.#timeout = timeout;
    this.#keeper = keeper;
  }

  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Whether the name is taken. */
  get isPresent(): boolean {
    return this.#state === 'setting-up' || this.#state === 'active';
  }

  /** Runs `setup`, then puts the hooks in force: at once, unless `setup` answers by promise. */
  start(broker: Broker): void {
    let settingUp: MaybePromise<void>;
    try {
      const { clock, random, logger } = this.#keeper;
      settingUp = this.#plugin.setup?.(broker, { clock, random, logger: namingPlugin(logger, this.name) });
    } catch (thrown) {
      throw this.#setupFailed(thrown);
    }
    if (!isThenable(settingUp)) {
      this.#setupSucceeded();
      return;
    }
    this.#ready = Promise.resolve(settingUp).then(
      () => this.#setupSucceeded(),
      (thrown: unknown) => {
        const error = this.#setupFailed(thrown);
        this.#keeper.logger.error({ plugin: this.name, err: error }, error.message);
        throw error;
      },
    );
    // It was logged: a host that does not look at `ready` is not to die of it.
    this.#ready.catch(() => {});
  }

  /**
   * Takes the hooks out at once, then closes the plugin, with its time limit. What its handlers were already
   * asked is still answered by them. Never rejects: a `close` that fails is logged.
   */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  [Symbol.dispose](): void {
    void this.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  stats(): PluginStats {
    const hooks: Partial<Record<HookName, HookStats>> = {};
    for (const handler of Object.values(this.handlers)) hooks[handler.hook] = handler.stats();
    return { hooks };
  }

  #setupSucceeded(): void {
    if (this.#state !== 'setting-up') return;
    this.#state = 'active';
    this.#keeper.activate(this);
  }

  #setupFailed(thrown: unknown): PluginError {
    this.#state = 'failed';
    this.#keeper.forget(this);
    return new PluginError(
      'PLUGIN_SETUP_FAILED',
      this.name,
      `setup failed: ${describeThrown(thrown)}`,
      thrown,
    );
  }

  async #dispose(): Promise<void> {
    if (this.#state === 'failed') return;
    this.#state = 'disposed';
    this.#keeper.deactivate(this);
    await this.#setupEnded();
    if (this.#hasFailed()) return;
    await this.#close();
    this.#keeper.forget(this);
  }

  /** A `setup` still under way may end first, but not for ever. */
  async #setupEnded(): Promise<void> {
    try {
      await this.#withinTimeout(this.#ready);
    } catch {
      // #setupFailed has said so.
    }
  }

  #hasFailed(): boolean {
    return this.#state === 'failed';
  }

  async #close(): Promise<void> {
    try {
      const closing = this.#plugin.close?.();
      if (isThenable(closing)) await this.#withinTimeout(Promise.resolve(closing));
    } catch (thrown) {
      const error = new PluginError(
        'PLUGIN_CLOSE_FAILED',
        this.name,
        `close failed: ${describeThrown(thrown)}`,
        thrown,
      );
      this.#keeper.logger.error({ plugin: this.name, err: error }, error.message);
    }
  }

  /** Settles as `work` does, or rejects at the time-out. */
  #withinTimeout(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#keeper.clock.schedule(this.#timeout, () => {
        reject(new Error(`not done within ${this.#timeout} ms.`));
      });
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** The broker's log, each line with the name of the plugin that wrote it. */
function namingPlugin(logger: Logger, plugin: string): Logger {
  return {
    debug: (details, message) => logger.debug({ plugin, ...details }, message),
    info: (details, message) => logger.info({ plugin, ...details }, message),
    warn: (details, message) => logger.warn({ plugin, ...details }, message),
    error: (details, message) => logger.error({ plugin, ...details }, message),
  };
}
