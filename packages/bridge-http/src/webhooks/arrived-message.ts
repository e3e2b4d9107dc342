import { createHash } from 'node:crypto';
import type { Broker, PluginPlatform } from '@carillon/hooks';
import type { PublishPacket, PublishProperties } from '@carillon/protocol';

/** A message that has come out of a webhook's session and is to be delivered. */
export interface ArrivedMessage {
  /** The same whenever this message is sent to this webhook, after a restart too. */
  readonly id: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties: PublishProperties;
  /** 0 at QoS 0: nobody waits for an acknowledgement. */
  readonly packetId: number;
  /** Milliseconds since 1970: when the broker took it over. */
  readonly receivedAt: number;
  /** Instant of `elapsed()` when its Message Expiry Interval runs out. */
  readonly expiresAt: number;
}

/**
 * Makes of a PUBLISH what is to be delivered. The id comes from the message's number in the session and the moment in
 * which it was taken over: both are stored with the message, and no other message of the session has the same two. A
 * message of QoS 0 is nowhere stored: its id is made up.
 */
export function arrivedMessage(
  packet: PublishPacket,
  clientId: string,
  { broker, clock, random }: { readonly broker: Broker } & PluginPlatform,
): ArrivedMessage {
  const { topic, payload, qos, retain, properties, packetId } = packet;
  const inflight = qos === 0 ? undefined : broker.inflight(clientId, packetId);
  const receivedAt = inflight?.message.receivedAt ?? clock.now();
  const interval = properties.messageExpiryInterval;
  return {
    id: inflight === undefined ? randomId(random) : idOf(clientId, inflight.sequence, receivedAt, packet),
    topic,
    payload,
    qos,
    retain,
    properties,
    packetId,
    receivedAt,
    expiresAt: interval === undefined ? Number.POSITIVE_INFINITY : clock.elapsed() + interval * 1000,
  };
}

function idOf(
  clientId: string,
  sequence: number,
  receivedAt: number,
  { topic, payload }: PublishPacket,
): string {
  const hash = createHash('sha256').update(JSON.stringify([clientId, sequence, receivedAt, topic]));
  return messageId(hash.update(payload).digest());
}

function randomId(random: PluginPlatform['random']): string {
  const bytes = new Uint8Array(32);
  random(bytes);
  return messageId(bytes);
}

function messageId(bytes: Uint8Array): string {
  return `msg_${Buffer.from(bytes.subarray(0, 18)).toString('base64url')}`;
}
