import { faults } from '../faults.ts';
import type { RetainHandling, SubscribePacket, SubscriptionRequest } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { toQoS } from './qos.ts';

/** Section 3.8. */
export function decodeSubscribe(cursor: Cursor): SubscribePacket {
  const packetId = cursor.twoBytes('Packet Identifier');
  // [MQTT-2.2.1-3]
  if (packetId === 0) throw faulty(faults.requestPacketIdZero, cursor.version);
  const properties = cursor.version === 5 ? decodeProperties(cursor, 'subscribe') : noProperties;
  // [MQTT-3.8.3-2]
  if (cursor.atEnd) throw faulty(faults.noSubscription, cursor.version);
  const subscriptions: SubscriptionRequest[] = [];
  while (!cursor.atEnd) subscriptions.push(decodeSubscription(cursor));
  return { type: 'subscribe', packetId, subscriptions, properties };
}

function decodeSubscription(cursor: Cursor): SubscriptionRequest {
  const filter = cursor.string('Topic Filter');
  const options = cursor.byte('Subscription Options');
  // [MQTT-3.8.3-5], v3:[MQTT-3.8.3-4]
  const reserved = cursor.version === 5 ? 0xc0 : 0xfc;
  if ((options & reserved) !== 0) throw faulty(faults.reservedSubscriptionOptions, cursor.version);
  if ((options & 0x03) === 3) {
    throw faulty(cursor.version === 5 ? faults.subscriptionQoS3 : faults.requestedQoS3, cursor.version);
  }
  const retainHandling = (options >> 4) & 0x03;
  if (retainHandling === 3) throw faulty(faults.retainHandling3, cursor.version);
  return {
    filter,
    qos: toQoS(options),
    noLocal: (options & 0x04) !== 0,
    retainAsPublished: (options & 0x08) !== 0,
    retainHandling: toRetainHandling(retainHandling),
  };
}

function toRetainHandling(value: number): RetainHandling {
  return value === 1 ? 1 : value === 2 ? 2 : 0;
}
