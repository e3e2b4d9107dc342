import type { ByteChannel } from '@carillon/hooks';
import { encodedLength, encodeInto, type Packet, type ProtocolVersion } from '@carillon/protocol';
import type { PublishFrame } from '../publishing/publish-frame.ts';

/** From here on a payload travels by reference: copying it would cost more than a second buffer in the write. */
export const largePayload = 8 * 1024;

/** From here on a range is passed on as a piece of its own. */
const longRange = 2 * 1024;

/** Up to here a loop copies faster than `set`, which needs a view of the range. */
const shortCopy = 96;

const pageSize = 16 * 1024;
const slabSize = 1024 * 1024;

/**
 * Buffers shared by all connections of a broker. Pages take what is encoded during a turn and are given
 * back at its end; the slab is cut into the exact pieces that go to the sockets and is never written again.
 */
export class OutputBuffers {
  readonly #pages: Uint8Array[] = [];
  #slab = new Uint8Array(0);
  #slabUsed = 0;

  takePage(): Uint8Array {
    return this.#pages.pop() ?? new Uint8Array(pageSize);
  }

  givePage(page: Uint8Array): void {
    if (page.length === pageSize && this.#pages.length < 64) this.#pages.push(page);
  }

  /** A copy of the first `length` bytes that nobody will write into again. */
  keep(page: Uint8Array, length: number): Uint8Array {
    const content = page.subarray(0, length);
    if (length > slabSize / 8) return content.slice();
    if (this.#slabUsed + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabSize);
      this.#slabUsed = 0;
    }
    const piece = this.#slab.subarray(this.#slabUsed, this.#slabUsed + length);
    piece.set(content);
    this.#slabUsed += length;
    return piece;
  }
}

/** What one connection has to say this turn, until it leaves in one write. */
export class Output {
  readonly #buffers: OutputBuffers;
  readonly #channel: ByteChannel;
  #page: Uint8Array | undefined = undefined;
  #used = 0;
  /** What came before the page: pages that were full, and large payloads by reference. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  /** The latest range, which may still grow; it comes after the page. */
  #range: Uint8Array | undefined = undefined;
  #rangeStart = 0;
  #rangeEnd = 0;

  constructor(buffers: OutputBuffers, channel: ByteChannel) {
    this.#buffers = buffers;
    this.#channel = channel;
  }

  /** Gathered and not yet given to the channel. */
  get pendingBytes(): number {
    return this.#pieceBytes + this.#used + (this.#rangeEnd - this.#rangeStart);
  }

  appendPacket(packet: Packet, version: ProtocolVersion): number {
    const length = encodedLength(packet, version);
    const page = this.#reserve(length);
    encodeInto(packet, version, page, this.#used);
    this.#used += length;
    return length;
  }

  /**
   * Sends bytes that nobody will change, from `start` to `end`. Ranges that lie side by side in the same
   * bytes become one: what a publisher sends to one subscriber in a row is passed on as it came, in one piece.
   */
  appendRange(bytes: Uint8Array, start: number, end: number): void {
    if (this.#range === bytes && this.#rangeEnd === start) {
      this.#rangeEnd = end;
      return;
    }
    this.#closeRange();
    this.#range = bytes;
    this.#rangeStart = start;
    this.#rangeEnd = end;
  }

  /** Copies a PUBLISH and writes its packet identifier. */
  appendWithPacketId(frame: PublishFrame, packetId: number): void {
    const { bytes, start, end, packetIdAt } = frame;
    const page = this.#reserve(end - start);
    const at = this.#used;
    copyBytes(bytes, start, end, page, at);
    page[at + packetIdAt] = packetId >> 8;
    page[at + packetIdAt + 1] = packetId & 0xff;
    this.#used += end - start;
  }

  /** An acknowledgement in its four-byte form: success, no properties. */
  appendShortAcknowledgement(firstByte: number, packetId: number): void {
    const page = this.#reserve(4);
    page[this.#used] = firstByte;
    page[this.#used + 1] = 2;
    page[this.#used + 2] = packetId >> 8;
    page[this.#used + 3] = packetId & 0xff;
    this.#used += 4;
  }

  /** Passes the bytes on as they are: nobody may change them until they are sent. */
  appendByReference(bytes: Uint8Array): void {
    this.#closeRange();
    this.#closePage();
    this.#pieces.push(bytes);
    this.#pieceBytes += bytes.length;
  }

  /** Gives everything gathered to the channel; returns how much that was. */
  flush(): number {
    const bytes = this.pendingBytes;
    if (bytes === 0) return 0;
    this.#closeRange();
    this.#closePage();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#channel.write(pieces);
    return bytes;
  }

  #reserve(length: number): Uint8Array {
    this.#closeRange();
    if (this.#page !== undefined && this.#used + length <= this.#page.length) return this.#page;
    this.#closePage();
    this.#page = length > pageSize ? new Uint8Array(length) : this.#buffers.takePage();
    return this.#page;
  }

  /** A short range joins the page; a long one is a piece of its own, without a copy. */
  #closeRange(): void {
    const bytes = this.#range;
    if (bytes === undefined) return;
    const start = this.#rangeStart;
    const end = this.#rangeEnd;
    this.#range = undefined;
    this.#rangeStart = 0;
    this.#rangeEnd = 0;
    if (end - start >= longRange) {
      this.appendByReference(bytes.subarray(start, end));
      return;
    }
    const page = this.#reserve(end - start);
    copyBytes(bytes, start, end, page, this.#used);
    this.#used += end - start;
  }

  #closePage(): void {
    const page = this.#page;
    if (page === undefined) return;
    if (this.#used > 0) {
      this.#pieces.push(this.#buffers.keep(page, this.#used));
      this.#pieceBytes += this.#used;
    }
    this.#used = 0;
    this.#page = undefined;
    this.#buffers.givePage(page);
  }
}

function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > shortCopy) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let i = start, j = at; i < end; i++, j++) to[j] = from[i] ?? 0;
}
