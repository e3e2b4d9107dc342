import type { MaybePromise } from '@carillon/persistence';
import { CallContext } from './call-context.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { describeThrown, type HookError } from './hook-error.ts';

/** What to make of one handler's answers. `undefined` always means: nothing said, go on to the next. */
export interface Reading<Event, Result> {
  /** Throws `ImpossibleValue`. Whatever else it throws comes from the plugin too: from a getter, a proxy. */
  read(answer: unknown, event: Event): Result | undefined;
  /** What the handler's failure amounts to. */
  failed(error: HookError): Result | undefined;
}

/** Asks one handler; never throws, never rejects. */
export type Ask<Event, Result> = (event: Event) => MaybePromise<Result | undefined>;

/** The same of a hook that answers at once. */
export type AskSync<Event, Result> = (event: Event) => Result | undefined;

export function isPending<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Contains a handler that may answer plainly or by promise. */
export function contain<Event, Result extends object>(
  handler: ContainedHandler<Event>,
  reading: Reading<Event, Result>,
): Ask<Event, Result> {
  return (event) => {
    const context = new CallContext();
    try {
      const answer = handler.call(event, context);
      if (isThenable(answer)) return waitForAnswer(answer, event, context, handler, reading);
      return reading.read(answer, event);
    } catch (thrown) {
      return reading.failed(handler.failed(thrown));
    }
  };
}

/** Contains a handler of a synchronous hook: an answer by promise is a failure. */
export function containSync<Event, Result>(
  handler: ContainedHandler<Event>,
  reading: Reading<Event, Result>,
): AskSync<Event, Result> {
  return (event) => {
    try {
      const answer = handler.call(event, new CallContext());
      if (!isThenable(answer)) return reading.read(answer, event);
      // Nobody waits for it, so its rejection would be nobody's.
      Promise.resolve(answer).catch(() => {});
    } catch (thrown) {
      return reading.failed(handler.failed(thrown));
    }
    return reading.failed(handler.answeredByPromise());
  };
}

/**
 * The one place where a plugin's promise is awaited. Settles when the promise does, or at the time-out,
 * whichever is first. A promise that never settles holds on to this call, and nothing holds on to the promise.
 */
export function waitForAnswer<Event, Result>(
  answer: PromiseLike<unknown>,
  event: Event,
  context: CallContext,
  handler: ContainedHandler<Event>,
  reading: Reading<Event, Result>,
): Promise<Result | undefined> {
  const { clock, logger } = handler.surroundings;
  return new Promise((resolve) => {
    let waiting = true;
    handler.promised();
    const timer = clock.schedule(handler.timeout, () => {
      waiting = false;
      const error = handler.timedOut();
      resolve(reading.failed(error));
      context.abort(error);
    });

    const answered = (value: unknown): void => {
      handler.settled();
      if (!waiting) {
        handler.answeredLate();
        return;
      }
      timer.cancel();
      try {
        resolve(reading.read(value, event));
      } catch (thrown) {
        resolve(reading.failed(handler.failed(thrown)));
      }
    };

    const rejected = (thrown: unknown): void => {
      handler.settled();
      if (waiting) {
        timer.cancel();
        resolve(reading.failed(handler.failed(thrown)));
        return;
      }
      // Not an answer but its absence: what a plugin that heeds the AbortSignal does.
      const { plugin, hook } = handler;
      logger.debug({ plugin, hook, err: thrown }, `Rejected after the time-out: ${describeThrown(thrown)}`);
    };

    Promise.resolve(answer).then(answered, rejected);
  });
}
