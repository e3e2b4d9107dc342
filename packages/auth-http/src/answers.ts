import type {
  Allowance,
  AuthenticateAnswer,
  Decision,
  Grant,
  Refusal,
  SubscribeDecision,
} from '@carillon/hooks';
import {
  type Check,
  exactly,
  type FieldChecks,
  grantFields,
  ImpossibleValue,
  integer,
  isObject,
  nonEmptyText,
  qos,
  readFields,
  refuse,
  text,
  userProperties,
} from '@carillon/hooks/checks';
import { isReasonCodeFor, type PacketType, ReasonCode } from '@carillon/protocol';
import { ServiceFailure } from './service-failure.ts';

/** An answer of the service, and how long it wants to be remembered. */
export interface Verdict<Answer> {
  readonly answer: Answer;
  /** Milliseconds; absent when the service did not say. */
  readonly cacheFor: number | undefined;
}

/** Reads what the service said. */
export type AnswerReader<Answer> = (json: unknown) => Verdict<Answer>;

/** Reads the answer to `authenticate`: a grant, a refusal, or no opinion. */
export const readAuthenticateAnswer: AnswerReader<AuthenticateAnswer> = reader(
  (fields) => ({ ...readFields(fields, grantFields), allow: true }) satisfies Grant,
  ['connack'],
);

/** Reads the answer to `authorize` for a message. */
export const readPublishAnswer: AnswerReader<Decision> = reader(
  (fields) => {
    const { because } = readFields(fields, allowanceFields);
    return because === undefined ? true : { allow: true, because };
  },
  ['puback', 'pubrec'],
);

/** Reads the answer to `authorize` for a subscription, which may lower the QoS. */
export const readSubscribeAnswer: AnswerReader<SubscribeDecision> = reader(
  (fields) => {
    const { maximumQoS = 2, because } = readFields(fields, subscribeFields);
    return { allow: true, maximumQoS, ...(because === undefined ? {} : { because }) };
  },
  ['suback'],
);

type QoSLimit = Extract<SubscribeDecision, { readonly maximumQoS: unknown }>;

const allowanceFields: FieldChecks<Allowance> = { allow: exactly(true), because: text };

const subscribeFields: FieldChecks<QoSLimit> = { ...allowanceFields, maximumQoS: qos };

const refusalFields: FieldChecks<Refusal> = {
  allow: exactly(false),
  because: text,
  reasonCode: integer(0x80, 0xff),
  reasonString: text,
  userProperties,
  serverReference: nonEmptyText,
};

const cacheFor: Check<number> = integer(0, Number.MAX_SAFE_INTEGER);

/** @param carriers the packets that may have to carry a refusal */
function reader<Yes>(
  readYes: (fields: object) => Yes,
  carriers: readonly PacketType[],
): AnswerReader<Yes | Refusal | undefined> {
  return (json) => {
    try {
      if (!isObject(json)) return refuse('the answer', json, 'an object with allow');
      const { cacheFor: time, ...fields } = json;
      return {
        answer: readVerdict(fields, readYes, carriers),
        cacheFor: time === undefined ? undefined : cacheFor(time, 'cacheFor'),
      };
    } catch (error) {
      if (!(error instanceof ImpossibleValue)) throw error;
      throw new ServiceFailure('answer', error.message);
    }
  };
}

function readVerdict<Yes>(
  fields: Readonly<Record<string, unknown>>,
  readYes: (fields: object) => Yes,
  carriers: readonly PacketType[],
): Yes | Refusal | undefined {
  const { allow } = fields;
  if (allow === true) return readYes(fields);
  if (allow === false) return readNo(fields, carriers);
  if (allow !== null) return refuse('allow', allow, 'true, false or null');
  readFields(fields, { allow: () => null });
  return undefined;
}

function readNo(fields: object, carriers: readonly PacketType[]): Refusal {
  const refusal = readFields(fields, refusalFields);
  const { reasonCode = ReasonCode.NotAuthorized, serverReference } = refusal;
  if (!carriers.every((packet) => isReasonCodeFor(packet, reasonCode))) {
    return refuse('reasonCode', reasonCode, `one that ${carriers.join(' and ').toUpperCase()} can have`);
  }
  const isRedirect = reasonCode === ReasonCode.UseAnotherServer || reasonCode === ReasonCode.ServerMoved;
  if (serverReference !== undefined && !isRedirect) {
    return refuse('serverReference', serverReference, 'left out, but with the reason codes 156 and 157');
  }
  return { ...refusal, allow: false };
}
