import { isThenable, type Reading, waitForAnswer } from './ask.ts';
import { CallContext } from './call-context.ts';
import type { ContainedHandler } from './contained-handler.ts';

/**
 * Compiles a hook that is told: every handler, in order, whatever became of those before. Nothing is
 * awaited; promises are watched only so that their failures and time-outs are counted.
 */
export function compileObserve<Event>(handlers: readonly ContainedHandler<Event>[]): (event: Event) => void {
  const [only] = handlers;
  if (only !== undefined && handlers.length === 1) return (event) => tell(only, event);
  return (event) => {
    for (const handler of handlers) tell(handler, event);
  };
}

/** Whatever an observer answers means nothing. */
const reading: Reading<unknown, never> = { read: () => undefined, failed: () => undefined };

function tell<Event>(handler: ContainedHandler<Event>, event: Event): void {
  try {
    const context = new CallContext();
    const answer = handler.call(event, context);
    if (isThenable(answer)) void waitForAnswer(answer, event, context, handler, reading);
  } catch (thrown) {
    handler.failed(thrown);
  }
}
