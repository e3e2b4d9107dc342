import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ConnackPacket, type QoS, ReasonCode, reasonCodeName } from '@carillon/protocol';
import { readBody } from './body.ts';
import type { Admitted, Caller } from './entrance.ts';
import { type MessageParameters, readMessageParameters } from './message-parameters.ts';
import { ConversationOver, type OutgoingMessage, type Settlement } from './mqtt-client.ts';
import { waitAtMost } from './patience.ts';
import { isText } from './payload-text.ts';
import { answerJson, Problem } from './problem.ts';
import type { Query } from './query.ts';
import { randomName, type Surroundings } from './surroundings.ts';

/** What a publisher is told. */
export interface PublishReceipt {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  /** The broker has said that the message is as safe as its durability promises; never at QoS 0. */
  readonly acknowledged: boolean;
  /** The reason code of MQTT 5.0 and its name. */
  readonly reasonCode: number;
  readonly reason: string;
  /** Whether anybody was there to get it; `null` when the broker did not say. */
  readonly matchingSubscribers: boolean | null;
}

/**
 * Publishes a body: POST a message, PUT one that is retained unless something else is said, DELETE what is retained. The
 * sender is let in before the body is read, and a body that breaks off is not published.
 */
export async function publishRequest(
  around: Surroundings,
  request: IncomingMessage,
  response: ServerResponse,
  { topic, query }: { topic: string; query: Query },
): Promise<void> {
  const { settings, entrance, clock } = around;
  const { limits, otherParameters } = settings;
  const { maximumUserProperties } = limits;
  const isRemoval = request.method === 'DELETE';
  const asked = readMessageParameters(request, query, { maximumUserProperties, otherParameters });
  const caller = await entrance.identify(request);
  const admitted = await entrance.admit(caller, {
    clientId: `http:${randomName(around)}`,
    sessionExpiryInterval: 0,
    receiveMaximum: 1,
  });
  try {
    const terms = termsOf(admitted.connack, asked, request.method);
    const maximumBodyBytes = Math.min(limits.maximumBodyBytes, terms.maximumPacketSize);
    const body = await readBody(request, clock, { ...limits, maximumBodyBytes });
    if (isRemoval && body.length > 0) throw new Problem(400, 'DELETE has no body');
    const message = messageFrom(topic, body, terms, asked);
    const settlement = await settle(around, caller, admitted, message);
    if (settlement.reasonCode >= 0x80) {
      throw entrance.refusal(caller, settlement.reasonCode, settlement.reasonString);
    }
    if (isRemoval) response.writeHead(204).end();
    else answerJson(response, message.qos === 0 ? 202 : 200, receiptOf(message, settlement));
  } finally {
    admitted.client.leave();
  }
}

interface Terms {
  readonly qos: QoS;
  readonly retain: boolean;
  /** Of the whole packet: the rest of it is more than this lets out. */
  readonly maximumPacketSize: number;
}

/** What was asked for, and what the broker grants this client. */
function termsOf({ properties }: ConnackPacket, asked: MessageParameters, method: string | undefined): Terms {
  const highest: QoS = properties.maximumQoS ?? 2;
  const { qos = highest === 0 ? 0 : 1, retain = method !== 'POST' } = asked;
  if (qos > highest) throw new Problem(400, `qos is ${qos}; the broker grants ${highest} at most`);
  if (method === 'DELETE' && (!retain || asked.properties.messageExpiryInterval !== undefined)) {
    throw new Problem(400, 'DELETE takes no retain and no expiry');
  }
  return { qos, retain, maximumPacketSize: properties.maximumPacketSize ?? 268_435_455 };
}

function messageFrom(
  topic: string,
  payload: Uint8Array,
  { qos, retain }: Terms,
  { properties }: MessageParameters,
): OutgoingMessage {
  const indicator = isText(properties.contentType, payload) ? { payloadFormatIndicator: 1 as const } : {};
  return { topic, payload, qos, retain, properties: { ...indicator, ...properties } };
}

async function settle(
  { clock, settings, entrance }: Surroundings,
  caller: Caller,
  { client }: Admitted,
  message: OutgoingMessage,
): Promise<Settlement> {
  const { acknowledgementTimeout } = settings.limits;
  client.release();
  try {
    return await waitAtMost(clock, acknowledgementTimeout, client.publish(message), () => {
      const detail = `the broker has not acknowledged the message within ${acknowledgementTimeout} ms; it may do so yet`;
      return new Problem(504, detail);
    });
  } catch (error) {
    if (!(error instanceof ConversationOver)) throw error;
    const refusal = entrance.refusal(caller, error.reasonCode, error.message);
    // Any other reason is the fault of the message itself.
    if (refusal.status !== 503) throw refusal;
    const { reasonCode, headers, message: detail } = refusal;
    const reason = reasonCode === undefined ? {} : { reasonCode };
    throw new Problem(503, `${detail}; the message may have been taken before`, { ...reason, headers });
  }
}

function receiptOf({ topic, qos, retain }: OutgoingMessage, { reasonCode }: Settlement): PublishReceipt {
  return {
    topic,
    qos,
    retain,
    acknowledged: qos > 0,
    reasonCode,
    reason: reasonCodeName(reasonCode),
    matchingSubscribers: qos === 0 ? null : reasonCode !== ReasonCode.NoMatchingSubscribers,
  };
}
