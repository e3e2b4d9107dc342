import type { DecodedPublish, PublishRun } from '@carillon/protocol';
import { createMessage, detachMessage } from './broker-message.ts';
import { type KeptRun, keepRun } from './kept-run.ts';
import type { Author } from './message-in-bytes.ts';

const noBytes = new Uint8Array(0);

/** Messages on their way to their receivers in one piece: they repeat the first in all but payload and identifier. */
export class MessageRun {
  readonly packets: PublishRun;
  readonly #first: DecodedPublish;
  readonly #author: Author;
  readonly #receivedAt: number;
  #kept: readonly KeptRun[] | undefined = undefined;

  constructor(first: DecodedPublish, packets: PublishRun, author: Author, receivedAt: number) {
    this.packets = packets;
    this.#first = first;
    this.#author = author;
    this.#receivedAt = receivedAt;
  }

  /** The messages of QoS 1 in bytes of their own, for all receivers once. */
  get kept(): readonly KeptRun[] {
    this.#kept ??= this.#keep();
    return this.#kept;
  }

  #keep(): readonly KeptRun[] {
    const { topic, qos, retain, properties } = this.#first;
    const parts = { topic, payload: noBytes, qos, retain, properties, ...this.#author };
    return keepRun(this.packets, detachMessage(createMessage(parts, this.#receivedAt)));
  }
}
