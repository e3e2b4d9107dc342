import type { Message } from '@carillon/persistence';
import type { QoS } from '@carillon/protocol';
import { detachMessage, hasExpired, sizeOf } from './broker-message.ts';

/** What is published, on its way through the broker: a message that is made already, or is still in bytes. */
export interface Content {
  /** As the broker knows it: alias resolved, mount point in front. */
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Topic and payload: what queue limits count. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly publisherId: string;
  /** The same object each time once it is kept: in memory once, in the store once. */
  readonly message: Message;
  hasExpired(now: number): boolean;
  /** Makes it independent of the chunk it came in: what is kept must not keep the chunk. */
  keep(): void;
}

/** Content that somebody had to see as a message, or has made. */
export class MadeMessage implements Content {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly size: number;
  readonly receivedAt: number;
  readonly publisherId: string;
  #message: Message;

  constructor(message: Message) {
    this.topic = message.topic;
    this.qos = message.qos;
    this.retain = message.retain;
    this.size = sizeOf(message);
    this.receivedAt = message.receivedAt;
    this.publisherId = message.publisherId;
    this.#message = message;
  }

  get message(): Message {
    return this.#message;
  }

  hasExpired(now: number): boolean {
    return hasExpired(this.#message, now);
  }

  keep(): void {
    this.#message = detachMessage(this.#message);
  }
}
