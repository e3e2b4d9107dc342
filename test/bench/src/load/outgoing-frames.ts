import type { Client } from './client.ts';
import type { PublishTemplate } from './frames.ts';

/** Writes the topic of a message over the one that is there: it begins at `at`, and its length stays as it is. */
export type WriteTopic = (bytes: Buffer, at: number, sequence: number) => void;

/**
 * Frames of one publisher, laid side by side before anything is measured: to send `n` of them is to number them and
 * to write one slice. A buffer is used again as soon as the kernel has its bytes.
 */
export class OutgoingFrames {
  readonly #client: Client;
  readonly #template: PublishTemplate;
  readonly #most: number;
  readonly #spare: Buffer[] = [];
  /** Written while the socket was full; free again once it is empty. */
  readonly #held: Buffer[] = [];
  readonly #publisher: number;
  readonly #writeTopic: WriteTopic | undefined;
  #sequence = 0;
  #packetId = 0;

  constructor(
    client: Client,
    publisher: number,
    template: PublishTemplate,
    most: number,
    writeTopic?: WriteTopic,
  ) {
    this.#writeTopic = writeTopic;
    this.#client = client;
    this.#publisher = publisher;
    this.#template = template;
    this.#most = most;
  }

  /** How many have been sent. */
  get sent(): number {
    return this.#sequence;
  }

  /** Sends the next `count` messages with one write, or with several when there are more than fit into one buffer. */
  send(count: number): void {
    for (let left = count; left > 0; left -= this.#most) this.#sendOnce(Math.min(left, this.#most));
  }

  /** Sends another frame as message number 0, before all others. */
  sendFirst(other: PublishTemplate): void {
    const buffer = Buffer.from(other.bytes);
    buffer.writeUInt32LE(this.#publisher, other.stampAt);
    buffer.writeUInt32LE(0, other.stampAt + 4);
    if (other.packetIdAt >= 0) this.#writePacketId(buffer, other.packetIdAt);
    this.#sequence = 1;
    this.#client.write(buffer);
  }

  #sendOnce(count: number): void {
    const client = this.#client;
    if (this.#held.length > 0 && client.isFlushed()) this.#spare.push(...this.#held.splice(0));
    const buffer = this.#spare.pop() ?? this.#make();
    const { bytes, stampAt, packetIdAt, topicAt } = this.#template;
    const writeTopic = this.#writeTopic;
    const { length } = bytes;
    for (let index = 0, at = 0; index < count; index++, at += length) {
      if (packetIdAt >= 0) this.#writePacketId(buffer, at + packetIdAt);
      const sequence = this.#sequence++;
      if (writeTopic !== undefined) writeTopic(buffer, at + topicAt, sequence);
      const stamp = at + stampAt + 4;
      buffer[stamp] = sequence;
      buffer[stamp + 1] = sequence >>> 8;
      buffer[stamp + 2] = sequence >>> 16;
      buffer[stamp + 3] = sequence >>> 24;
    }
    client.write(count === this.#most ? buffer : buffer.subarray(0, count * length));
    if (client.isFlushed()) this.#spare.push(buffer);
    else this.#held.push(buffer);
  }

  /** 1 to 65,535 and again: far more than are ever under way. */
  #writePacketId(buffer: Buffer, at: number): void {
    this.#packetId = this.#packetId === 65_535 ? 1 : this.#packetId + 1;
    buffer[at] = this.#packetId >> 8;
    buffer[at + 1] = this.#packetId & 255;
  }

  #make(): Buffer {
    const { bytes, stampAt } = this.#template;
    const buffer = Buffer.allocUnsafeSlow(bytes.length * this.#most);
    for (let index = 0; index < this.#most; index++) {
      bytes.copy(buffer, index * bytes.length);
      buffer.writeUInt32LE(this.#publisher, index * bytes.length + stampAt);
    }
    return buffer;
  }
}
