import type { Message } from '@carillon/persistence';
import { encodePublish, type ProtocolVersion, type PublishProperties, type QoS } from '@carillon/protocol';
import { largePayload } from '../connection/output.ts';
import { outgoingProperties } from './broker-message.ts';

/** An encoded PUBLISH: everything but the packet identifier is in place. */
export interface PublishFrame {
  /** The whole packet, or all of it before a large payload. */
  readonly bytes: Uint8Array;
  /** Where the packet identifier stands in `bytes`; -1 at QoS 0. */
  readonly packetIdAt: number;
  /** A large payload, which travels by reference. */
  readonly payload: Uint8Array | undefined;
  /** Of the whole packet: what a client's Maximum Packet Size is measured against. */
  readonly length: number;
}

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

export function encodeFrame(message: Message, layout: PublishLayout, now: number): PublishFrame {
  const byReference = message.payload.length >= largePayload;
  const { bytes, packetIdAt } = encodePublish(
    {
      type: 'publish',
      topic: layout.topic,
      payload: message.payload,
      qos: layout.qos,
      retain: layout.retain,
      dup: layout.dup,
      packetId: layout.qos === 0 ? 0 : 1,
      properties: layoutProperties(message, layout, now),
    },
    layout.version,
    { payload: !byReference },
  );
  return byReference
    ? { bytes, packetIdAt, payload: message.payload, length: bytes.length + message.payload.length }
    : { bytes, packetIdAt, payload: undefined, length: bytes.length };
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

/**
 * The frames of one message on its way to many receivers: each layout is encoded once. Layouts with
 * subscription identifiers or aliases belong to one receiver and are not kept.
 */
export class SharedFrames {
  readonly #message: Message;
  readonly #now: number;
  /** By version (5 or before), QoS and RETAIN. */
  readonly #frames: (PublishFrame | undefined)[] = new Array<undefined>(12).fill(undefined);

  constructor(message: Message, now: number) {
    this.#message = message;
    this.#now = now;
  }

  frameFor(layout: PublishLayout): PublishFrame {
    const message = this.#message;
    const isOwn =
      layout.dup ||
      layout.topicAlias !== undefined ||
      layout.subscriptionIdentifiers.length > 0 ||
      layout.topic !== message.topic;
    if (isOwn) return encodeFrame(message, layout, this.#now);
    const index = (layout.version === 5 ? 6 : 0) + layout.qos * 2 + (layout.retain ? 1 : 0);
    const known = this.#frames[index];
    if (known !== undefined) return known;
    const frame = encodeFrame(message, layout, this.#now);
    this.#frames[index] = frame;
    return frame;
  }
}
