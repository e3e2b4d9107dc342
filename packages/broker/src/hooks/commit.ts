import { describeValue, ImpossibleValue, isObject } from '@carillon/hooks/checks';
import type { MaybePromise } from '@carillon/persistence';
import { contain } from './ask.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { firstAnswer } from './first-answer.ts';
import { readRefusal } from './refusal.ts';
import { type Denied, failedBy } from './verdict.ts';

/** What a refused PUBLISH is answered with, by QoS. */
const carriers = ['puback', 'pubrec'] as const;

/** Compiles `commitPublish`: one handler after another, until one refuses or fails; `undefined` is consent. */
export function compileCommit<Event>(
  handlers: readonly ContainedHandler<Event>[],
): (event: Event) => MaybePromise<Denied | undefined> {
  const asks = handlers.map((handler) => {
    const { plugin } = handler;
    const failed = failedBy(plugin, 0x80);
    return contain<Event, Denied>(handler, {
      read: (answer) => readConsent(answer, plugin),
      failed: () => failed,
    });
  });
  return firstAnswer(asks, undefined);
}

function readConsent(answer: unknown, plugin: string): Denied | undefined {
  if (answer === undefined) return undefined;
  if (isRefusal(answer)) return readRefusal(answer, plugin, carriers);
  // A handler that ends in "return query(…)" answers with rows: better told at once than taken for a yes.
  throw new ImpossibleValue(
    `the answer is ${describeValue(answer)}; it must be undefined, or { allow: false, … } to refuse.`,
  );
}

function isRefusal(answer: unknown): boolean {
  if (!isObject(answer)) return false;
  const { allow } = answer;
  return allow === false;
}
