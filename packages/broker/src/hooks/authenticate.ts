import type { ContinueAuthentication, EnhancedEvent, EnhancedGrant, Grant } from '@carillon/hooks';
import {
  binaryData,
  describeValue,
  exactly,
  type FieldChecks,
  grantFields,
  ImpossibleValue,
  isObject,
  readFields,
  text,
  userProperties,
} from '@carillon/hooks/checks';
import type { MaybePromise } from '@carillon/persistence';
import { ReasonCode } from '@carillon/protocol';
import { contain } from './ask.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { readAllow } from './decide.ts';
import { firstAnswer } from './first-answer.ts';
import { readRefusal } from './refusal.ts';
import { type Denied, deniedBy, failedBy, noOpinion } from './verdict.ts';

/** What `authenticate` came to. */
export type AuthenticationOutcome = Granted<Grant> | NotGranted | Unopposed;

/** What a round of `authenticateEnhanced` came to. */
export type EnhancedOutcome = Granted<EnhancedGrant> | Continued | NotGranted;

export interface Granted<SomeGrant> {
  readonly outcome: 'granted';
  /** The name of the plugin that decided. */
  readonly by: string;
  readonly grant: SomeGrant;
}

/** Nobody has anything against the client, and nobody was there to say who it is. */
export interface Unopposed {
  readonly outcome: 'unopposed';
}

/** The client is asked for another round. */
export interface Continued {
  readonly outcome: 'continue';
  readonly by: string;
  readonly answer: ContinueAuthentication;
}

/** Refused by a handler, or nobody had an opinion; `refusal` is ready to be sent in both cases. */
export interface NotGranted {
  readonly outcome: 'refused' | 'no-opinion';
  readonly refusal: Denied;
}

const enhancedGrantFields: FieldChecks<EnhancedGrant> = { ...grantFields, data: binaryData };

const continueFields: FieldChecks<ContinueAuthentication> = {
  continue: exactly(true),
  data: binaryData,
  reasonString: text,
  userProperties,
};

export const unopposed: Unopposed = Object.freeze({ outcome: 'unopposed' });

const nobodyKnows: NotGranted = Object.freeze({ outcome: 'no-opinion', refusal: noOpinion });

/** No handler knows the method: Bad authentication method. [MQTT-4.12.0-1] */
const unknownMethod: NotGranted = Object.freeze({
  outcome: 'no-opinion',
  refusal: Object.freeze({ ...noOpinion, reasonCode: ReasonCode.BadAuthenticationMethod }),
});

/** Compiles `authenticate`: the first opinion counts, a failure refuses. */
export function compileAuthenticate<Event>(
  handlers: readonly ContainedHandler<Event>[],
): (event: Event) => MaybePromise<AuthenticationOutcome> {
  const asks = handlers.map((handler) => {
    const { plugin } = handler;
    const granted = grantedBy(plugin, Object.freeze({ allow: true }));
    const denied = refused(deniedBy(plugin));
    const failed = refused(failedBy(plugin, 0x87));
    return contain<Event, AuthenticationOutcome>(handler, {
      read: (answer) => {
        if (answer === undefined) return undefined;
        if (answer === true) return granted;
        if (answer === false) return denied;
        if (!readAllow(answer)) return refused(readRefusal(answer, plugin, ['connack']));
        return grantedBy(plugin, { ...readFields(answer, grantFields), allow: true });
      },
      failed: () => failed,
    });
  });
  const onlyRefusals = handlers.every(({ onlyRefuses }) => onlyRefuses);
  return firstAnswer(asks, onlyRefusals ? unopposed : nobodyKnows);
}

/** Compiles `authenticateEnhanced`: the first that knows the method answers, a failure refuses. */
export function compileAuthenticateEnhanced(
  handlers: readonly ContainedHandler<EnhancedEvent>[],
): (event: EnhancedEvent) => MaybePromise<EnhancedOutcome> {
  const asks = handlers.map((handler) => {
    const { plugin } = handler;
    const failed = refused(failedBy(plugin, 0x87));
    return contain<EnhancedEvent, EnhancedOutcome>(handler, {
      read: (answer, event) => readEnhanced(answer, event, plugin),
      failed: () => failed,
    });
  });
  return firstAnswer(asks, unknownMethod);
}

function readEnhanced(answer: unknown, event: EnhancedEvent, plugin: string): EnhancedOutcome | undefined {
  if (answer === undefined) return undefined;
  if (!isObject(answer)) {
    throw new ImpossibleValue(
      `the answer is ${describeValue(answer)}; it must be undefined, or an object with continue or allow.`,
    );
  }
  if ('continue' in answer) {
    const asked = readFields(answer, continueFields);
    return {
      outcome: 'continue',
      by: plugin,
      answer: { ...asked, continue: exactly(true)(asked.continue, 'continue') },
    };
  }
  if (readAllow(answer)) {
    return grantedBy(plugin, { ...readFields(answer, enhancedGrantFields), allow: true });
  }
  // A connection that re-authenticates is refused by DISCONNECT, a new one by CONNACK.
  return refused(readRefusal(answer, plugin, [event.client === undefined ? 'connack' : 'disconnect']));
}

function grantedBy<SomeGrant>(plugin: string, grant: SomeGrant): Granted<SomeGrant> {
  return Object.freeze({ outcome: 'granted', by: plugin, grant });
}

function refused(refusal: Denied): NotGranted {
  return Object.freeze({ outcome: 'refused', refusal });
}
