import {
  type Broker,
  type Clock,
  type HookName,
  type HookStats,
  hookKinds,
  type Logger,
  type Plugin,
  type PluginStats,
  type RandomSource,
  type Registration,
} from '@carillon/hooks';
import type { MaybePromise } from '@carillon/persistence';
import { isThenable } from './ask.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { describeThrown } from './hook-error.ts';
import { hookNames } from './plugin-checks.ts';
import { PluginError } from './plugin-error.ts';
import type { HookEvent } from './slots.ts';

/** A plugin's handlers, by hook. */
export type PluginHandlers = { [Name in HookName]?: ContainedHandler<HookEvent<Name>> };

/** What a registered plugin asks of the registry. */
export interface PluginKeeper {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  /** Puts handlers in force. */
  activate(handlers: PluginHandlers): void;
  /** Takes those that are in force out. */
  deactivate(handlers: PluginHandlers): void;
  /** It is closed, or never came up. */
  forget(plugin: RegisteredPlugin): void;
}

/** `failed`: its setup did, and what it was to decide is refused. `disposed`: on the way out, or gone. */
type PluginState = 'setting-up' | 'active' | 'failed' | 'disposed';

/** A plugin's life, from `setup` to `close`. */
export class RegisteredPlugin implements Registration {
  readonly name: string;
  readonly handlers: PluginHandlers;
  /** Those of `handlers` whose answers count. */
  readonly #deciding: PluginHandlers = {};
  /** Those that are only told. */
  readonly #observing: PluginHandlers = {};
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
    for (const hook of hookNames) {
      sortIn(hook, handlers, hookKinds[hook] === 'observe' ? this.#observing : this.#deciding);
    }
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

  /**
   * Runs `setup`, then puts the hooks in force. Where `setup` answers by promise, observers wait for it; all other
   * hooks are in force at once and let those who ask wait, so that nobody slips in before the plugin can decide.
   */
  start(broker: Broker): void {
    let settingUp: MaybePromise<void>;
    try {
      const { clock, random, logger } = this.#keeper;
      settingUp = this.#plugin.setup?.(broker, { clock, random, logger: namingPlugin(logger, this.name) });
    } catch (thrown) {
      this.#keeper.forget(this);
      throw this.#setupFailed(thrown);
    }
    if (isThenable(settingUp)) {
      this.#waitForSetup(Promise.resolve(settingUp));
      return;
    }
    this.#state = 'active';
    this.#keeper.activate(this.handlers);
  }

  #waitForSetup(setup: Promise<void>): void {
    this.#ready = setup.then(
      () => this.#setupSucceeded(),
      (thrown: unknown) => {
        const error = this.#setupFailed(thrown);
        this.#keeper.logger.error({ plugin: this.name, err: error }, error.message);
        throw error;
      },
    );
    // It was logged: a host that does not look at `ready` is not to die of it.
    this.#ready.catch(() => {});
    for (const handler of Object.values(this.#deciding)) handler.waitFor(this.#ready);
    this.#keeper.activate(this.#deciding);
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
    this.#keeper.activate(this.#observing);
  }

  #setupFailed(thrown: unknown): PluginError {
    if (this.#state === 'setting-up') this.#state = 'failed';
    return new PluginError(
      'PLUGIN_SETUP_FAILED',
      this.name,
      `setup failed: ${describeThrown(thrown)}`,
      thrown,
    );
  }

  async #dispose(): Promise<void> {
    this.#state = 'disposed';
    this.#keeper.deactivate(this.handlers);
    if (await this.#isSetUp()) await this.#close();
    this.#keeper.forget(this);
  }

  /** A `setup` still under way may end first, but not for ever; one that hangs has something to close, too. */
  async #isSetUp(): Promise<boolean> {
    try {
      await this.#withinTimeout(this.#ready);
      return true;
    } catch (thrown) {
      return !(thrown instanceof PluginError);
    }
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

function sortIn<Name extends HookName>(hook: Name, from: PluginHandlers, into: PluginHandlers): void {
  const handler = from[hook];
  if (handler !== undefined) into[hook] = handler;
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
