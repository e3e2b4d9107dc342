import {
  type Clock,
  type HookContext,
  type HookFailedEvent,
  type HookName,
  type HookStats,
  hookKinds,
  type Logger,
} from '@carillon/hooks';
import { ImpossibleValue } from '@carillon/hooks/checks';
import { describeThrown, HookError, type HookFailure } from './hook-error.ts';

/** What all handlers share: the time, the log, and whom to tell of a failure. */
export interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells the observers of `hookFailed`. */
  tellFailure(event: HookFailedEvent): void;
}

/** A plugin's function for one hook. Its answer is not trusted to be what its type says. */
export type PluginFunction<Event> = (event: Event, context: HookContext) => unknown;

/** One plugin's handler of one hook: its place in the order, its time limit, its counters. */
export class ContainedHandler<Event> {
  readonly plugin: string;
  readonly hook: HookName;
  readonly priority: number;
  /** Its silence does not amount to a no. */
  readonly onlyRefuses: boolean;
  /** Rises with each registered plugin; settles the order where priorities are equal. */
  readonly order: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly surroundings: Surroundings;
  #call: PluginFunction<Event>;
  #calls = 0;
  #failures = 0;
  #timeouts = 0;
  #lateAnswers = 0;
  #pending = 0;

  constructor(
    place: {
      plugin: string;
      hook: HookName;
      priority: number;
      onlyRefuses: boolean;
      order: number;
      timeout: number;
    },
    call: PluginFunction<Event>,
    surroundings: Surroundings,
  ) {
    this.plugin = place.plugin;
    this.hook = place.hook;
    this.priority = place.priority;
    this.onlyRefuses = place.onlyRefuses;
    this.order = place.order;
    this.timeout = place.timeout;
    this.surroundings = surroundings;
    this.#call = call;
  }

  /** Calls the plugin. Throws what it throws. */
  call(event: Event, context: HookContext): unknown {
    this.#calls++;
    // Called through a variable, so that the plugin does not get this object as its `this`.
    const call = this.#call;
    return call(event, context);
  }

  /**
   * Whoever asks before the plugin is set up waits for it, within the time limit; a synchronous hook cannot wait,
   * and fails. When the setup fails, every call does.
   */
  waitFor(setup: Promise<void>): void {
    const call = this.#call;
    this.#call = isSynchronous(this.hook)
      ? () => {
          throw new Error('the plugin is not set up.');
        }
      : (event, context) => setup.then(() => call(event, context));
    setup.then(
      () => {
        this.#call = call;
      },
      // Told by whoever ran the setup.
      () => {},
    );
  }

  /** A promise was answered. */
  promised(): void {
    this.#pending++;
  }

  /** It has settled, in time or late. */
  settled(): void {
    this.#pending--;
  }

  /** Counts, logs and tells what was thrown, by the plugin or by the check of its answer. */
  failed(thrown: unknown): HookError {
    this.#failures++;
    if (thrown instanceof ImpossibleValue) {
      return this.#report('impossible-answer', `impossible answer: ${thrown.message}`);
    }
    return this.#report('threw', `failed: ${describeThrown(thrown)}`, thrown);
  }

  answeredByPromise(): HookError {
    this.#failures++;
    return this.#report('promise-from-sync', 'answered by promise, but this hook is synchronous.');
  }

  timedOut(): HookError {
    this.#timeouts++;
    return this.#report('timed-out', `no answer within ${this.timeout} ms.`);
  }

  answeredLate(): HookError {
    this.#lateAnswers++;
    return this.#report('late-answer', `the answer came after ${this.timeout} ms and was discarded.`);
  }

  stats(): HookStats {
    return {
      calls: this.#calls,
      failures: this.#failures,
      timeouts: this.#timeouts,
      lateAnswers: this.#lateAnswers,
      pending: this.#pending,
    };
  }

  #report(failure: HookFailure, what: string, cause?: unknown): HookError {
    const { plugin, hook } = this;
    const error = new HookError(plugin, hook, failure, what, cause);
    this.surroundings.logger.error({ plugin, hook, failure, err: error }, error.message);
    this.surroundings.tellFailure({ plugin, hook, failure, error });
    return error;
  }
}

function isSynchronous(hook: HookName): boolean {
  return ['decideSync', 'rewriteSync', 'select'].includes(hookKinds[hook]);
}

/** The order in which handlers of a hook are asked. */
export function compareHandlers(
  one: { readonly priority: number; readonly order: number },
  other: { readonly priority: number; readonly order: number },
): number {
  return other.priority - one.priority || one.order - other.order;
}
