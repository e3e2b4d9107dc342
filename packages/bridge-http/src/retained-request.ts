import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DropReason } from '@carillon/hooks';
import type { PublishPacket, QoS } from '@carillon/protocol';
import type { Admitted, Caller } from './entrance.ts';
import { entityTag, isNamedIn, messageHeaders } from './message-headers.ts';
import { ConversationOver } from './mqtt-client.ts';
import { waitAtMost } from './patience.ts';
import { Problem } from './problem.ts';
import { type Query, refuseUnknown } from './query.ts';
import { randomName, type Surroundings } from './surroundings.ts';

/** Readers of retained messages, by client id: each is told when its message does not come. */
export type WaitingReaders = Map<string, (reason: DropReason) => void>;

/**
 * Answers with the retained message of a topic: subscribes to the topic for that, so that whoever may not subscribe, or not
 * receive the message, gets none, and gets it as plugins rewrite it.
 */
export async function retainedRequest(
  around: Surroundings,
  readers: WaitingReaders,
  request: IncomingMessage,
  response: ServerResponse,
  { topic, query }: { topic: string; query: Query },
): Promise<void> {
  const { settings, entrance } = around;
  refuseUnknown(query, [], settings.otherParameters);
  const caller = await entrance.identify(request);
  const clientId = `http:${randomName(around)}`;
  const admitted = await entrance.admit(caller, { clientId, sessionExpiryInterval: 0, receiveMaximum: 1 });
  try {
    const found = await findRetained(around, readers, caller, admitted, { topic, clientId });
    answerMessage(request, response, found);
  } catch (error) {
    if (error instanceof ConversationOver) throw entrance.refusal(caller, error.reasonCode, error.message);
    throw error;
  } finally {
    readers.delete(clientId);
    admitted.client.leave();
  }
}

interface Found {
  readonly message: PublishPacket;
  /** That it was published with. */
  readonly qos: QoS;
}

async function findRetained(
  { broker, clock, settings, entrance }: Surroundings,
  readers: WaitingReaders,
  caller: Caller,
  { client }: Admitted,
  { topic, clientId }: { topic: string; clientId: string },
): Promise<Found> {
  const { acknowledgementTimeout } = settings.limits;
  const coming = new Promise<PublishPacket>((resolve, reject) => {
    client.onMessage = (message) => {
      // One that is retained at this very moment comes live, and takes the place of what was there before.
      if (message.retain) resolve(message);
    };
    client.onEnd = reject;
    readers.set(clientId, (reason) => reject(notToBeHad(reason, topic)));
  });
  coming.catch(() => {});
  const asked = client.subscribe([
    { filter: topic, qos: 0, noLocal: false, retainAsPublished: true, retainHandling: 0 },
  ]);
  client.release();
  const late = () => new Problem(504, `the broker has not answered within ${acknowledgementTimeout} ms`);
  const { reasonCodes, properties } = await waitAtMost(clock, acknowledgementTimeout, asked, late);
  const [reasonCode = 0] = reasonCodes;
  if (reasonCode >= 0x80) throw entrance.refusal(caller, reasonCode, properties.reasonString);
  const mountPoint = broker.client(clientId)?.mountPoint ?? '';
  const retained = broker.retained(mountPoint + topic);
  if (retained === undefined) throw nothingThere(topic);
  const message = await waitAtMost(clock, acknowledgementTimeout, coming, late);
  if (message.payload.length === 0) throw nothingThere(topic);
  return { message, qos: retained.qos };
}

function notToBeHad(reason: DropReason, topic: string): Problem {
  switch (reason) {
    case 'not-authorized':
      return new Problem(403, 'not authorized to receive the message');
    case 'expired':
      return nothingThere(topic);
    default:
      return new Problem(503, `the message could not be delivered: ${reason}`);
  }
}

function nothingThere(topic: string): Problem {
  return new Problem(404, `nothing is retained for ${JSON.stringify(topic)}`);
}

function answerMessage(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  { message, qos }: Found,
): void {
  const tag = entityTag(message);
  // Who may read it is asked each time.
  const always = { ETag: tag, 'Cache-Control': 'private, no-cache' };
  if (isNamedIn(headers['if-none-match'], tag)) {
    response.writeHead(304, always).end();
    return;
  }
  response.writeHead(200, { ...always, ...messageHeaders(message, qos) });
  response.end(method === 'HEAD' ? undefined : message.payload);
}
