import type {
  Broker,
  Clock,
  HookFailedEvent,
  HookName,
  Logger,
  Plugin,
  RandomSource,
  Registration,
} from '@carillon/hooks';
import { ContainedHandler, compareHandlers, type Surroundings } from './contained-handler.ts';
import { checkPlugin, hookNames, placed } from './plugin-checks.ts';
import { InvalidPluginError } from './plugin-error.ts';
import { type PluginHandlers, type PluginKeeper, RegisteredPlugin } from './registered-plugin.ts';
import { compilers, emptySlots, type HookHandlers, type HookSlots, type WritableSlots } from './slots.ts';

export interface HookRegistryOptions {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  /** Milliseconds a hook's promise may take, for plugins that do not say it themselves. */
  readonly defaultTimeout: number;
}

type HandlersByHook = { [Name in HookName]?: HookHandlers<Name> };

/**
 * The plugins of one broker, compiled into one slot for each hook. Slots are made anew when plugins come and
 * go, never when they are called; a run that is under way goes on with the handlers it began with.
 */
export class HookRegistry {
  readonly #options: HookRegistryOptions;
  readonly #surroundings: Surroundings;
  readonly #keeper: PluginKeeper;
  readonly #slots: WritableSlots = emptySlots();
  readonly #handlers: HandlersByHook = {};
  /** In order of registration; those that are closing included. */
  readonly #plugins: RegisteredPlugin[] = [];
  #registrations = 0;
  #tellingFailure = false;

  constructor(options: HookRegistryOptions) {
    const { clock, random, logger } = options;
    this.#options = options;
    this.#surroundings = { clock, logger, tellFailure: (event) => this.#tellFailure(event) };
    this.#keeper = {
      clock,
      random,
      logger,
      activate: (handlers) => this.#putHooksIn(handlers),
      deactivate: (handlers) => this.#takeHooksOut(handlers),
      forget: (plugin) => this.#forget(plugin),
    };
  }

  /** One property for each hook: `null`, or the function to call. Read it anew for each use. */
  get slots(): HookSlots {
    return this.#slots;
  }

  /**
   * Registers a plugin and runs its `setup`. Its hooks are in force when this returns; where `setup` answers by
   * promise, whoever asks them waits for it, and observers are told when `ready` has resolved.
   *
   * Throws `InvalidPluginError` for what is no plugin, and `PluginError` when `setup` throws; nothing is
   * registered then.
   */
  use(plugin: Plugin, broker: Broker): Registration {
    checkPlugin(plugin);
    if (this.plugins().includes(plugin.name)) {
      throw new InvalidPluginError(
        'PLUGIN_DUPLICATE',
        `There is a plugin "${plugin.name}" already; dispose of it first, or give this one another name.`,
      );
    }
    // One whose setup failed has the name no longer, and must not go on refusing what this one may allow.
    void this.#plugins.find(({ name }) => name === plugin.name)?.dispose();
    const timeout = plugin.timeoutMs ?? this.#options.defaultTimeout;
    const handlers = this.#containHandlers(plugin, timeout);
    const registered = new RegisteredPlugin(plugin, handlers, timeout, this.#keeper);
    this.#plugins.push(registered);
    registered.start(broker);
    return registered;
  }

  /** Whether somebody's yes is needed for this: a handler is there that does not only refuse. */
  needsYes(hook: HookName): boolean {
    return (this.#handlers[hook] ?? []).some(({ onlyRefuses }) => !onlyRefuses);
  }

  /** The names of the plugins, in order of registration. */
  plugins(): readonly string[] {
    return this.#plugins.filter((plugin) => plugin.isPresent).map((plugin) => plugin.name);
  }

  /** Disposes of all plugins, the last first, each when the one before is closed. Never rejects. */
  async closeAll(): Promise<void> {
    for (let last = this.#plugins.at(-1); last !== undefined; last = this.#plugins.at(-1)) {
      await last.dispose();
    }
  }

  #containHandlers(plugin: Plugin, timeout: number): PluginHandlers {
    const order = this.#registrations++;
    const handlers: PluginHandlers = {};
    for (const hook of hookNames) this.#containHandler(hook, plugin, { order, timeout }, handlers);
    return handlers;
  }

  #containHandler<Name extends HookName>(
    hook: Name,
    plugin: Plugin,
    place: { order: number; timeout: number },
    handlers: PluginHandlers,
  ): void {
    const entry = plugin.hooks?.[hook];
    if (entry === undefined) return;
    const { priority, onlyRefuses, handler } = placed<Name>(entry);
    handlers[hook] = new ContainedHandler(
      { plugin: plugin.name, hook, priority, onlyRefuses, ...place },
      handler,
      this.#surroundings,
    );
  }

  #putHooksIn(handlers: PluginHandlers): void {
    for (const hook of hookNames) this.#putHookIn(hook, handlers);
  }

  #putHookIn<Name extends HookName>(hook: Name, handlers: PluginHandlers): void {
    const handler = handlers[hook];
    if (handler === undefined) return;
    this.#compile(hook, [...this.#handlersOf(hook), handler].sort(compareHandlers));
  }

  #takeHooksOut(handlers: PluginHandlers): void {
    for (const hook of hookNames) this.#takeHookOut(hook, handlers);
  }

  #takeHookOut<Name extends HookName>(hook: Name, handlers: PluginHandlers): void {
    const handler = handlers[hook];
    if (handler === undefined) return;
    this.#compile(
      hook,
      this.#handlersOf(hook).filter((other) => other !== handler),
    );
  }

  #handlersOf<Name extends HookName>(hook: Name): HookHandlers<Name> {
    return this.#handlers[hook] ?? [];
  }

  /** The slot keeps this list for good: another change makes another list. */
  #compile<Name extends HookName>(hook: Name, handlers: HookHandlers<Name>): void {
    this.#handlers[hook] = handlers;
    const compile = compilers[hook];
    if (handlers.length === 0) this.#slots[hook] = null;
    else this.#slots[hook] = compile(handlers);
  }

  #forget(plugin: RegisteredPlugin): void {
    const index = this.#plugins.indexOf(plugin);
    if (index !== -1) this.#plugins.splice(index, 1);
  }

  /** A handler of `hookFailed` that fails is counted and logged, and that is all: nobody is told of it. */
  #tellFailure(event: HookFailedEvent): void {
    const tell = this.#slots.hookFailed;
    if (tell === null || event.hook === 'hookFailed' || this.#tellingFailure) return;
    this.#tellingFailure = true;
    try {
      tell(event);
    } finally {
      this.#tellingFailure = false;
    }
  }
}
