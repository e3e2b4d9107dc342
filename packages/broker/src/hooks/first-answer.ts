import type { MaybePromise } from '@carillon/persistence';
import { type Ask, type AskSync, isPending } from './ask.ts';

/**
 * Compiles handlers of which the first that says something counts. `unanswered` is the result when none does.
 * A single handler is asked without a loop; the list of several is bound here and does not change any more.
 */
export function firstAnswer<Event, Result extends object, Unanswered>(
  asks: readonly Ask<Event, Result>[],
  unanswered: Unanswered,
): (event: Event) => MaybePromise<Result | Unanswered> {
  const [only] = asks;
  if (only !== undefined && asks.length === 1) return askOnly(only, unanswered);
  return (event) => askFrom(0, asks, unanswered, event);
}

function askOnly<Event, Result extends object, Unanswered>(
  ask: Ask<Event, Result>,
  unanswered: Unanswered,
): (event: Event) => MaybePromise<Result | Unanswered> {
  return (event) => {
    const result = ask(event);
    if (!isPending(result)) return result ?? unanswered;
    return result.then((settled) => settled ?? unanswered);
  };
}

function askFrom<Event, Result extends object, Unanswered>(
  start: number,
  asks: readonly Ask<Event, Result>[],
  unanswered: Unanswered,
  event: Event,
): MaybePromise<Result | Unanswered> {
  for (let index = start; index < asks.length; index++) {
    const result = asks[index]?.(event);
    if (isPending(result)) {
      return result.then((settled) => settled ?? askFrom(index + 1, asks, unanswered, event));
    }
    if (result !== undefined) return result;
  }
  return unanswered;
}

/** The same for synchronous hooks. */
export function firstAnswerSync<Event, Result, Unanswered>(
  asks: readonly AskSync<Event, Result>[],
  unanswered: Unanswered,
): (event: Event) => Result | Unanswered {
  const [only] = asks;
  if (only !== undefined && asks.length === 1) return (event) => only(event) ?? unanswered;
  return (event) => {
    for (const ask of asks) {
      const result = ask(event);
      if (result !== undefined) return result;
    }
    return unanswered;
  };
}
