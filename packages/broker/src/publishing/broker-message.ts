import type { Message, MessageOrigin } from '@carillon/persistence';
import type { MessageProperties, QoS } from '@carillon/protocol';

const noProperties: MessageProperties = Object.freeze({});

/** What a message is made of. */
export interface MessageParts {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: MessageProperties;
  readonly origin: MessageOrigin;
  readonly publisherId: string;
}

/** Turns the parts into a message that begins its life now. */
export function createMessage(parts: MessageParts, now: number): Message {
  const properties = parts.properties ?? noProperties;
  const expiry = properties.messageExpiryInterval;
  return {
    topic: parts.topic,
    payload: parts.payload,
    qos: parts.qos,
    retain: parts.retain,
    properties,
    origin: parts.origin,
    publisherId: parts.publisherId,
    receivedAt: now,
    expiresAt: expiry === undefined ? undefined : now + expiry * 1000,
  };
}

/**
 * The same message with bytes of its own. Payload and Correlation Data are windows on the chunk they arrived
 * in, and a message that is kept must not keep the chunk.
 */
export function detachMessage(message: Message): Message {
  const { payload, properties } = message;
  const { correlationData } = properties;
  if (isDetached(payload) && (correlationData === undefined || isDetached(correlationData))) return message;
  return {
    ...message,
    payload: isDetached(payload) ? payload : new Uint8Array(payload),
    properties:
      correlationData === undefined
        ? properties
        : { ...properties, correlationData: new Uint8Array(correlationData) },
  };
}

function isDetached(bytes: Uint8Array): boolean {
  return bytes.buffer.byteLength <= bytes.length + 64;
}

/** In the instant in which it comes no message has expired, even with an interval of 0. */
export function hasExpired({ expiresAt, receivedAt }: Message, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now && receivedAt < now;
}

/** Topic and payload: what queue and retained limits count. */
export function sizeOf(message: Message): number {
  return message.topic.length + message.payload.length;
}

/** The properties as they leave: the expiry interval less the seconds the message spent here. [MQTT-3.3.2-6] */
export function outgoingProperties(message: Message, now: number): MessageProperties {
  const interval = message.properties.messageExpiryInterval;
  if (interval === undefined) return message.properties;
  const waited = Math.floor(Math.max(0, now - message.receivedAt) / 1000);
  if (waited === 0) return message.properties;
  return { ...message.properties, messageExpiryInterval: Math.max(0, interval - waited) };
}
