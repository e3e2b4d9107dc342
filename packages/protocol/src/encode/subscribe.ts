import { EncodeError } from '../encode-error.ts';
import type { ProtocolVersion, SubscribePacket, SubscriptionRequest } from '../packets.ts';
import { putPacketId } from './codes.ts';
import { putProperties } from './properties.ts';
import { checkQoS } from './qos.ts';
import type { Sink } from './sink.ts';

/** Section 3.8. Before MQTT 5.0 the options are the QoS alone. */
export function putSubscribe(sink: Sink, packet: SubscribePacket, version: ProtocolVersion): void {
  // [MQTT-3.8.3-2]
  if (packet.subscriptions.length === 0) throw new EncodeError('subscriptions', 'must not be empty');
  putPacketId(sink, packet.packetId);
  if (version === 5) putProperties(sink, packet.properties, 'subscribe');
  for (const subscription of packet.subscriptions) {
    sink.string(subscription.filter, 'filter');
    sink.byte(subscriptionOptions(subscription, version), 'options');
  }
}

function subscriptionOptions(subscription: SubscriptionRequest, version: ProtocolVersion): number {
  const qos = checkQoS(subscription.qos, 'qos');
  if (version !== 5) return qos;
  const { noLocal, retainAsPublished, retainHandling } = subscription;
  if (retainHandling !== 0 && retainHandling !== 1 && retainHandling !== 2) {
    throw new EncodeError('retainHandling', `must be 0, 1 or 2, not ${String(retainHandling)}`);
  }
  return qos | (noLocal ? 0x04 : 0) | (retainAsPublished ? 0x08 : 0) | (retainHandling << 4);
}
