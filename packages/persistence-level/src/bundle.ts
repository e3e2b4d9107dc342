import type { Message } from '@carillon/persistence';
import type { Copies } from './copies.ts';
import { readMessage, writeMessage } from './message-record.ts';
import { RecordReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';

/*
 * A bundle: messages of one batch that the same sessions wait for, one after the other in one record. It stays until
 * none of its messages is waited for; a second record says how many entries still refer to it.
 */

/** What a bundle holds at most, unless a single message is larger: so much may stay for the sake of one message. */
const limits = { messages: 256, bytes: 16_384 } as const;

export class BundleWriter {
  readonly number: number;
  readonly #writer = new RecordWriter(1024);
  #before: Message | undefined = undefined;
  #length = 0;

  constructor(number: number) {
    this.number = number;
  }

  get isFull(): boolean {
    return this.#length >= limits.messages || this.#writer.length >= limits.bytes;
  }

  /** Adds a message and says at which place. */
  add(message: Message): number {
    writeMessage(this.#writer, message, this.#before);
    this.#before = message;
    return this.#length++;
  }

  record(): Uint8Array {
    return this.#writer.record();
  }
}

/** The messages of a bundle. Throws an `Error` that says what is wrong with the record. */
export function readBundle(record: Uint8Array, copies?: Copies): Message[] {
  const reader = new RecordReader(record, copies);
  const messages: Message[] = [];
  let before: Message | undefined;
  while (!reader.isAtEnd) {
    before = readMessage(reader, before);
    messages.push(before);
  }
  if (messages.length === 0) throw new Error('the bundle is empty');
  return messages;
}
