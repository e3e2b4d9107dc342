import type { MaybePromise, Store } from '@carillon/persistence';
import type { Broker } from './broker.ts';
import type { HookName, HookTable, hookKinds } from './hook-table.ts';
import type { Clock, Logger, RandomSource } from './platform.ts';

/** Handed to every handler beside its event. */
export interface HookContext {
  /** Aborts when the broker no longer waits for the answer: pass it on to `fetch` and the like. */
  readonly signal: AbortSignal;
}

/** What a handler of the hook may return: the answer or a promise of it; a synchronous hook takes no promise. */
export type HookAnswer<Name extends HookName> = (typeof hookKinds)[Name] extends 'observe'
  ? void | Promise<void>
  : (typeof hookKinds)[Name] extends 'commit'
    ? MaybePromise<ReturnType<HookTable[Name]>> | Promise<void>
    : (typeof hookKinds)[Name] extends 'decideSync' | 'rewriteSync' | 'select'
      ? ReturnType<HookTable[Name]>
      : MaybePromise<ReturnType<HookTable[Name]>>;

/** The function a plugin registers for a hook: plain answers or promises, but for the synchronous hooks. */
export type HookHandler<Name extends HookName> = (
  event: Parameters<HookTable[Name]>[0],
  context: HookContext,
) => HookAnswer<Name>;

/** A handler, with its place in the order and what weight its silence has. */
export interface PlacedHandler<Name extends HookName> {
  readonly handler: HookHandler<Name>;
  /** Higher priorities run first; ties go by registration. Default 0. */
  readonly priority?: number;
  /**
   * For hooks that decide: it only ever refuses, as a list of banned addresses does. Where nobody but such
   * handlers is registered, their silence is a yes. Default false.
   */
  readonly onlyRefuses?: boolean;
}

/** The hooks of a plugin: for each name a handler, alone or with its place. */
export type PluginHooks = {
  readonly [Name in HookName]?: HookHandler<Name> | PlacedHandler<Name>;
};

/**
 * Something that registers with a broker.
 *
 * @example
 * ```ts
 * const onlyFriends = definePlugin({
 *   name: 'only-friends',
 *   hooks: {
 *     authenticate: ({ username }) => friends.has(username),
 *   },
 * });
 * broker.use(onlyFriends);
 * ```
 */
export interface Plugin {
  /** Names the plugin in logs, errors and `explain`; unique within a broker. */
  readonly name: string;
  readonly hooks?: PluginHooks;
  /** Milliseconds a promise may take before the hook counts as failed. Default: the broker's `hookTimeout`. */
  readonly timeoutMs?: number;
  /** Replaces the broker's store. Only before the broker has started, and only one plugin may bring it. */
  readonly persistence?: Store;
  /**
   * Called once at registration, before any hook. Throwing undoes the registration. When it answers by promise,
   * whatever asks the plugin meanwhile waits for it; when that rejects, whatever the plugin was to decide is
   * refused until the registration is disposed of or a plugin of the same name takes its place.
   */
  setup?(broker: Broker, platform: PluginPlatform): MaybePromise<void>;
  /** Called once, when the plugin is disposed of or the broker has closed; plugins close in reverse order. */
  close?(): MaybePromise<void>;
}

/**
 * What the broker lends a plugin for its own work. A plugin that takes its time from here runs under the hand-turned
 * clock of a test as the broker does.
 */
export interface PluginPlatform {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** The broker's log; every line names the plugin. */
  readonly logger: Logger;
}

/** Gives a plugin its types as it is written; returns it as it is. */
export function definePlugin<const P extends Plugin>(plugin: P): P {
  return plugin;
}

/** What `broker.use` returns. */
export interface Registration {
  readonly name: string;
  /** Settles as the plugin's `setup` does; rejects with a `PluginError`. */
  readonly ready: Promise<void>;
  /** Takes the plugin's hooks out at once, then closes it. Calling it again does nothing. */
  dispose(): Promise<void>;
  /** For `using`: as `dispose`, without waiting for the plugin to close. */
  [Symbol.dispose](): void;
  /** For `await using`: as `dispose`. */
  [Symbol.asyncDispose](): Promise<void>;
  /** The plugin's counters as they stand now. */
  stats(): PluginStats;
}

/** Counters of a plugin since its registration, by hook; only the hooks it registered. */
export interface PluginStats {
  readonly hooks: Readonly<Partial<Record<HookName, HookStats>>>;
}

/** Counters of one hook of one plugin since its registration. */
export interface HookStats {
  readonly calls: number;
  /** Throws, rejections and impossible answers. */
  readonly failures: number;
  readonly timeouts: number;
  /** Answers that came after the time-out and were discarded. */
  readonly lateAnswers: number;
  /** Promises not settled yet. */
  readonly pending: number;
}
