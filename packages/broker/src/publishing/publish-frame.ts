import type { Message } from '@carillon/persistence';
import {
  type DecodedPublish,
  encodePublish,
  type ProtocolVersion,
  type PublishPacket,
  type PublishProperties,
  type QoS,
  variableByteIntegerLength,
} from '@carillon/protocol';
import { largePayload } from '../connection/output.ts';
import { outgoingProperties } from './broker-message.ts';
import type { Content } from './content.ts';
import type { FanOut } from './fan-out.ts';

/** An encoded PUBLISH: everything but the packet identifier is in place. */
export interface PublishFrame {
  readonly bytes: Uint8Array;
  /** The packet lies in `bytes` from here … */
  readonly start: number;
  /** … to here; its payload follows when that is large or came in pieces. */
  readonly end: number;
  /** Where the packet identifier stands, counted from `start`; -1 at QoS 0. */
  readonly packetIdAt: number;
  /** The pieces of such a payload, which travel by reference. */
  readonly payload: readonly Uint8Array[];
  /** Of the whole packet: what a client's Maximum Packet Size is measured against. */
  readonly length: number;
}

const noPayload: readonly Uint8Array[] = [];

/** How one receiver is to see a message. */
export interface PublishLayout {
  readonly version: ProtocolVersion;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  /** Empty when an alias the client knows stands in for it. */
  readonly topic: string;
  readonly topicAlias: number | undefined;
}

/** The packet in which a receiver is to see the message. */
export function publishPacketOf(
  message: Message,
  layout: PublishLayout,
  packetId: number,
  now: number,
): PublishPacket {
  return {
    type: 'publish',
    topic: layout.topic,
    payload: message.payload,
    qos: layout.qos,
    retain: layout.retain,
    dup: layout.dup,
    packetId,
    properties: layoutProperties(message, layout, now),
  };
}

export function encodeFrame(message: Message, layout: PublishLayout, now: number): PublishFrame {
  const byReference = message.payload.length >= largePayload;
  const { bytes, packetIdAt } = encodePublish(
    publishPacketOf(message, layout, layout.qos === 0 ? 0 : 1, now),
    layout.version,
    { payload: !byReference },
  );
  const payload = byReference ? [message.payload] : noPayload;
  const length = bytes.length + (byReference ? message.payload.length : 0);
  return { bytes, start: 0, end: bytes.length, packetIdAt, payload, length };
}

/** The frame that every receiver gets to whom only version, QoS and RETAIN make a difference. */
export function sharedFrame(
  { content, packet, version: cameIn, now }: FanOut,
  version: ProtocolVersion,
  qos: QoS,
  retain: boolean,
): PublishFrame {
  const hasWaited = now !== content.receivedAt;
  if (packet !== undefined && fitsAsItCame(packet, cameIn, content, version, qos, retain, hasWaited)) {
    return frameOf(packet, version);
  }
  const { message } = content;
  const { topic } = message;
  return encodeFrame(
    message,
    { version, qos, retain, dup: false, subscriptionIdentifiers: [], topic, topicAlias: undefined },
    now,
  );
}

/** Whether the packet as it came is what the receiver is to get now, but for the packet identifier. */
function fitsAsItCame(
  packet: DecodedPublish,
  cameIn: ProtocolVersion,
  content: Content,
  version: ProtocolVersion,
  qos: QoS,
  retain: boolean,
  hasWaited: boolean,
): boolean {
  return (
    (cameIn === 5) === (version === 5) &&
    packet.qos === qos &&
    packet.retain === retain &&
    !packet.dup &&
    packet.properties.topicAlias === undefined &&
    (packet.properties.messageExpiryInterval === undefined || !hasWaited) &&
    packet.topic === content.topic
  );
}

/** Whether the properties, but for a Topic Alias, are what a receiver of MQTT 5.0 is to get now. */
export function keepsProperties({ content, packet, version: cameIn, now }: FanOut): boolean {
  if (packet === undefined || cameIn !== 5) return false;
  return packet.properties.messageExpiryInterval === undefined || now === content.receivedAt;
}

/** The packet as it came. A copy of bytes costs a tenth of an encoding; runs of them cost next to nothing. */
function frameOf(packet: DecodedPublish, version: ProtocolVersion): PublishFrame {
  const { source, rest, frameStart, frameEnd, payloadStart, propertiesStart, qos } = packet;
  const length = frameEnd - frameStart;
  const end = rest.length === 0 ? frameEnd : source.length;
  if (qos === 0) return { bytes: source, start: frameStart, end, packetIdAt: -1, payload: rest, length };
  const behindPacketId =
    version === 5
      ? propertiesStart - variableByteIntegerLength(payloadStart - propertiesStart)
      : payloadStart;
  const byReference = rest.length > 0 || frameEnd - payloadStart >= largePayload;
  return {
    bytes: source,
    start: frameStart,
    end: byReference ? payloadStart : end,
    packetIdAt: behindPacketId - 2 - frameStart,
    payload: byReference ? packet.payloadPieces() : noPayload,
    length,
  };
}

function layoutProperties(message: Message, layout: PublishLayout, now: number): PublishProperties {
  const properties = outgoingProperties(message, now);
  if (layout.version !== 5) return properties;
  const { subscriptionIdentifiers, topicAlias } = layout;
  if (subscriptionIdentifiers.length === 0 && topicAlias === undefined) return properties;
  return {
    ...properties,
    ...(subscriptionIdentifiers.length > 0 ? { subscriptionIdentifiers } : {}),
    ...(topicAlias === undefined ? {} : { topicAlias }),
  };
}
