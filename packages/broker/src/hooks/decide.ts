import type { Allowance, SubscribeDecision } from '@carillon/hooks';
import {
  describeValue,
  exactly,
  type FieldChecks,
  ImpossibleValue,
  isObject,
  qos,
  readFields,
  text,
} from '@carillon/hooks/checks';
import type { MaybePromise } from '@carillon/persistence';
import { contain, containSync, type Reading } from './ask.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { firstAnswer, firstAnswerSync } from './first-answer.ts';
import { type Carriers, readRefusal } from './refusal.ts';
import {
  type Allowed,
  type Denied,
  deniedBy,
  failedBy,
  type SubscribeAllowed,
  type SubscribeVerdict,
  silenceOf,
  type Verdict,
} from './verdict.ts';

/** Compiles a hook that decides: the first opinion counts, none is a no, a failure is a no. */
export function compileDecide<Event>(
  handlers: readonly ContainedHandler<Event>[],
  carriers: Carriers,
): (event: Event) => MaybePromise<Verdict> {
  const asks = handlers.map((handler) => {
    const { plugin } = handler;
    const allowed: Allowed = Object.freeze({ allowed: true, by: plugin });
    return contain(handler, readingOf(plugin, carriers, allowed, readPlainAllowance));
  });
  return firstAnswer(asks, silenceOf(handlers));
}

/** Compiles `authorizeSubscribe`, whose allowance may lower the QoS. */
export function compileDecideSubscribe<Event>(
  handlers: readonly ContainedHandler<Event>[],
): (event: Event) => MaybePromise<SubscribeVerdict> {
  const asks = handlers.map((handler) => {
    const { plugin } = handler;
    const allowed: SubscribeAllowed = Object.freeze({ allowed: true, by: plugin, maximumQoS: 2 });
    return contain(handler, readingOf(plugin, ['suback'], allowed, readSubscribeAllowance));
  });
  return firstAnswer(asks, silenceOf(handlers));
}

/** Compiles a hook that is asked for each copy of a message. */
export function compileDecideSync<Event>(
  handlers: readonly ContainedHandler<Event>[],
): (event: Event) => Verdict {
  const asks = handlers.map((handler) => {
    const { plugin } = handler;
    const allowed: Allowed = Object.freeze({ allowed: true, by: plugin });
    return containSync(handler, readingOf(plugin, [], allowed, readPlainAllowance));
  });
  return firstAnswerSync(asks, silenceOf(handlers));
}

/** What a plain answer stands for is made once per plugin: `true` and `false` cost no object. */
function readingOf<Event, Yes extends Allowed>(
  plugin: string,
  carriers: Carriers,
  allowed: Yes,
  readAllowance: (answer: unknown, allowed: Yes) => Yes,
): Reading<Event, Yes | Denied> {
  const denied = deniedBy(plugin);
  const failed = failedBy(plugin, 0x87);
  const known = new KnownAnswers<Yes | Denied>();
  return {
    read: (answer) => {
      if (answer === undefined) return undefined;
      if (answer === true) return allowed;
      if (answer === false) return denied;
      return known.read(answer, () =>
        readAllow(answer) ? readAllowance(answer, allowed) : readRefusal(answer, plugin, carriers),
      );
    },
    failed: () => failed,
  };
}

/** Answers that cannot change are read once. */
class KnownAnswers<Result> {
  readonly #results = new WeakMap<object, Result>();

  read(answer: unknown, read: () => Result): Result {
    if (typeof answer !== 'object' || answer === null) return read();
    const known = this.#results.get(answer);
    if (known !== undefined) return known;
    const result = read();
    if (Object.isFrozen(answer)) this.#results.set(answer, result);
    return result;
  }
}

/** Tells `{ allow: true, … }` from `{ allow: false, … }`. */
export function readAllow(answer: unknown): boolean {
  if (isObject(answer)) {
    const { allow } = answer;
    if (typeof allow === 'boolean') return allow;
    throw new ImpossibleValue(
      `allow is ${describeValue(allow)} in the answer; it must be there, true or false.`,
    );
  }
  throw new ImpossibleValue(
    `the answer is ${describeValue(answer)}; it must be true, false, undefined, or an object with allow.`,
  );
}

const allowanceFields: FieldChecks<Allowance> = { allow: exactly(true), because: text };

function readPlainAllowance(answer: unknown, allowed: Allowed): Allowed {
  const { because } = readFields(answer, allowanceFields);
  return because === undefined ? allowed : { ...allowed, because };
}

type SubscribeAllowance = Extract<SubscribeDecision, { readonly maximumQoS: unknown }>;

const subscribeAllowanceFields: FieldChecks<SubscribeAllowance> = { ...allowanceFields, maximumQoS: qos };

function readSubscribeAllowance(answer: unknown, allowed: SubscribeAllowed): SubscribeAllowed {
  const { maximumQoS = allowed.maximumQoS, because } = readFields(answer, subscribeAllowanceFields);
  return { ...allowed, maximumQoS, ...(because === undefined ? {} : { because }) };
}
