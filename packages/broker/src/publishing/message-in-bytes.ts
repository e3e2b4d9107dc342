import type { Message, MessageOrigin } from '@carillon/persistence';
import type { DecodedPublish, MessageProperties, QoS } from '@carillon/protocol';
import { mountProperties } from '../connection/mount-point.ts';
import { copyBytes } from '../connection/output-slab.ts';
import { createMessage, detachMessage, hasExpired } from './broker-message.ts';
import type { Content } from './content.ts';

/** Where the messages of a connection come from. */
export interface Author {
  readonly publisherId: string;
  readonly origin: MessageOrigin;
  readonly mountPoint: string;
}

/**
 * A PUBLISH of a client in the bytes it came in. The message is made when somebody asks for it: hooks, the store,
 * the host. What only goes from client to client is never made, which halves the work for it.
 */
export class MessageInBytes implements Content {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly size: number;
  readonly receivedAt: number;
  readonly publisherId: string;
  readonly #author: Author;
  readonly #properties: MessageProperties;
  /** Where the payload lies, until it is kept. */
  #packet: DecodedPublish | undefined;
  /** The payload in bytes of its own, once it is kept. */
  #payload: Uint8Array | undefined = undefined;
  #message: Message | undefined = undefined;

  constructor(packet: DecodedPublish, topic: string, author: Author, receivedAt: number) {
    this.topic = topic;
    this.qos = packet.qos;
    this.retain = packet.retain;
    this.size = topic.length + packet.frameEnd - packet.payloadStart;
    this.publisherId = author.publisherId;
    this.#author = author;
    this.receivedAt = receivedAt;
    this.#properties = packet.properties;
    this.#packet = packet;
  }

  get message(): Message {
    if (this.#message === undefined) {
      this.#message = this.#make();
      if (this.#packet !== undefined && isInOwnPieces(this.#packet)) this.#packet = undefined;
    }
    return this.#message;
  }

  hasExpired(now: number): boolean {
    return this.#properties.messageExpiryInterval !== undefined && hasExpired(this.message, now);
  }

  keep(): void {
    const packet = this.#packet;
    if (packet === undefined || isInOwnPieces(packet)) return;
    if (this.#message !== undefined || packet.properties.correlationData !== undefined) {
      this.#message = detachMessage(this.message);
    } else {
      this.#payload = ownBytes(packet.source, packet.payloadStart, packet.frameEnd);
    }
    this.#packet = undefined;
  }

  #make(): Message {
    const payload = this.#payload ?? this.#packet?.payload;
    if (payload === undefined) throw new Error('a message has its payload until it is made');
    const { mountPoint, origin, publisherId } = this.#author;
    return createMessage(
      {
        topic: this.topic,
        payload,
        qos: this.qos,
        retain: this.retain,
        properties: mountProperties(withoutAlias(this.#properties), mountPoint),
        origin,
        publisherId,
      },
      this.receivedAt,
    );
  }
}

/** A topic alias ends with its hop. [MQTT-3.3.2-7] */
function withoutAlias(properties: MessageProperties & { readonly topicAlias?: number }): MessageProperties {
  if (properties.topicAlias === undefined) return properties;
  const { topicAlias: _, ...others } = properties;
  return others;
}

/**
 * Whether all of it lies in pieces that keep little besides, and out of which a payload is joined in bytes of its own:
 * then it may stay there until somebody asks for the message. Correlation Data would be a view of the first.
 */
function isInOwnPieces({ rest, properties }: DecodedPublish): boolean {
  return rest.length > 0 && properties.correlationData === undefined;
}

/** Not by `slice`, which of a Buffer, as sockets give them, is no copy. */
function ownBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const own = new Uint8Array(end - start);
  copyBytes(bytes, start, end, own, 0);
  return own;
}
