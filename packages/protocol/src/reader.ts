import { CutPacket } from './cut-packet.ts';
import { findPubacks } from './decode/acknowledgement-run.ts';
import { Cursor } from './decode/cursor.ts';
import { checkFirstByte, type DecodedPacket, decodePacket } from './decode/packet.ts';
import { joined, noPieces } from './decode/pieces.ts';
import { type DecodedPublish, hasHeadIn } from './decode/publish.ts';
import { findRepeats, mayBeRepeated, type PublishRun, type RunLimits } from './decode/publish-run.ts';
import { faults } from './faults.ts';
import type { ProtocolVersion } from './packets.ts';
import { faulty, ProtocolError } from './protocol-error.ts';
import type { TopicCache } from './topic-cache.ts';

/** What a reader must know before the first byte. */
export interface PacketReaderOptions {
  /** Bytes, the whole packet counted, fixed header included. */
  maximumPacketSize: number;
  /**
   * The version in use, if it is known already: a client's reader knows it. Left out, the first packet must be
   * CONNECT and settles it.
   */
  protocolVersion?: ProtocolVersion;
  /** May be shared by many readers. Without one every topic is decoded anew. */
  topicCache?: TopicCache;
}

const noBytes = new Uint8Array(0);
const noIdentifiers: readonly number[] = Object.freeze([]);

/** A packet is judged and decoded in one go: one cursor does for all readers. */
const cursor = new Cursor();

/** A fixed header has one byte of type and flags and one to four of Remaining Length. */
const longestHeader = 5;

/**
 * Frames and decodes packets from chunks of any cut, in both directions.
 *
 * A packet that lies in one chunk is decoded in place: its binary fields are views of the chunk, which must not be
 * changed while they are in use. Of a packet that was cut long parts stay in their chunks too; a
 * declared length costs its sender's peer nothing.
 *
 * @example
 * const reader = new PacketReader({ maximumPacketSize: 1024 * 1024 });
 * socket.on('data', (chunk) => {
 *   reader.feed(chunk);
 *   for (let packet = reader.next(); packet !== undefined; packet = reader.next()) handle(packet);
 * });
 */
export class PacketReader {
  /** Bytes, the whole packet counted. May be changed at any time; holds for headers judged from then on. */
  maximumPacketSize: number;
  /**
   * Known from the level byte of CONNECT on, also when the rest of that CONNECT was malformed: whoever answers
   * it knows in which form.
   */
  protocolVersion: ProtocolVersion | undefined;

  readonly #topicCache: TopicCache | undefined;
  #chunk: Uint8Array = noBytes;
  #at = 0;
  /** Chunks that were fed before the one at hand was used up. */
  #waiting: Uint8Array[] | undefined = undefined;
  #waitingBytes = 0;
  /** The packet at hand, when it was cut. */
  #cut: CutPacket | undefined = undefined;
  #failure: ProtocolError | undefined;

  constructor(options: PacketReaderOptions) {
    this.maximumPacketSize = options.maximumPacketSize;
    this.protocolVersion = options.protocolVersion;
    this.#topicCache = options.topicCache;
  }

  /** Bytes that were fed and are not yet part of a packet that `next` returned. */
  get bufferedBytes(): number {
    return this.#chunk.length - this.#at + this.#waitingBytes + (this.#cut?.length ?? 0);
  }

  /** Takes bytes over without looking at them. After a ProtocolError they are ignored. */
  feed(chunk: Uint8Array): void {
    if (this.#failure !== undefined || chunk.length === 0) return;
    if (this.#at === this.#chunk.length) {
      this.#chunk = chunk;
      this.#at = 0;
      return;
    }
    this.#waiting ??= [];
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  /**
   * The next packet, or undefined when more bytes are needed.
   *
   * @throws ProtocolError if the bytes are not a packet. It ends the reader: what was buffered is let go, and
   * every later call throws the same error.
   */
  next(): DecodedPacket | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#cut === undefined ? this.#nextInPlace() : this.#nextOfParts(this.#cut);
    } catch (error) {
      if (error instanceof ProtocolError) this.#fail(error);
      throw error;
    }
  }

  /** Whether `packet`, the latest that `next` gave, is followed in its chunk by another of its topic and kind. */
  mayBeRepeated(packet: DecodedPublish): boolean {
    return this.#isLatest(packet) && mayBeRepeated(packet);
  }

  /**
   * Takes the packets behind `packet`, the latest that `next` gave, as long as they repeat it in everything but the
   * payload and packet identifier, within `limits`. Gives all of them, `packet` too: nothing is to be judged of the
   * others that was not judged of it.
   */
  takeRepeats(packet: DecodedPublish, limits: RunLimits): PublishRun | undefined {
    if (!this.#isLatest(packet)) return undefined;
    const run = findRepeats(packet, this.maximumPacketSize, limits);
    if (run !== undefined) this.#passTo(run.end);
    return run;
  }

  #isLatest(packet: DecodedPublish): boolean {
    return packet.source === this.#chunk && packet.frameEnd === this.#at;
  }

  /** Takes the PUBACKs that are next in the chunk at hand and say nothing but success; gives their identifiers. */
  takePubacks(): readonly number[] {
    if (this.#cut !== undefined || this.#at === this.#chunk.length) return noIdentifiers;
    const packetIds: number[] = [];
    this.#passTo(findPubacks(this.#chunk, this.#at, this.protocolVersion, packetIds));
    return packetIds;
  }

  #passTo(end: number): void {
    this.#at = end;
    if (end === this.#chunk.length) this.#openNextChunk();
  }

  #nextInPlace(): DecodedPacket | undefined {
    if (this.#at === this.#chunk.length && !this.#openNextChunk()) return undefined;
    const bytes = this.#chunk;
    const start = this.#at;
    const headerSize = this.#judgeHeader(bytes, start, bytes.length);
    if (headerSize === 0 || cursor.end > bytes.length) {
      this.#cut = new CutPacket();
      if (headerSize > 0) this.#cut.declare(cursor.end - start);
      return this.#nextOfParts(this.#cut);
    }
    this.#at = cursor.end;
    const packet = this.#decode(bytes, start, start + headerSize, this.#at);
    if (this.#at === bytes.length) this.#openNextChunk();
    return packet;
  }

  /** @returns false when there is none; the old chunk is let go in any case. */
  #openNextChunk(): boolean {
    this.#at = 0;
    const chunk = this.#waiting?.shift();
    this.#chunk = chunk ?? noBytes;
    if (chunk === undefined) return false;
    this.#waitingBytes -= chunk.length;
    return true;
  }

  /**
   * Reads the fixed header at `start` and judges it before a byte of the body is buffered. The cursor's `end` is
   * set to the end that it declares.
   *
   * @returns the size of the header, or 0 if it is not here in full.
   */
  #judgeHeader(bytes: Uint8Array, start: number, end: number): number {
    checkFirstByte(bytes[start] ?? 0, this.protocolVersion);
    let remaining = 0;
    for (let size = 1; size < longestHeader; size++) {
      const at = start + size;
      if (at >= end) return 0;
      const byte = bytes[at] ?? 0;
      remaining |= (byte & 0x7f) << (7 * (size - 1));
      if (byte >= 0x80) continue;
      // [MQTT-1.5.5-1]
      if (byte === 0 && size > 1)
        throw faulty(faults.overlongInteger, this.protocolVersion, 'Remaining Length');
      const headerSize = size + 1;
      // [MQTT-3.2.2-15]
      if (headerSize + remaining > this.maximumPacketSize) throw this.#tooLarge(headerSize + remaining);
      cursor.end = start + headerSize + remaining;
      return headerSize;
    }
    throw faulty(faults.remainingLength, this.protocolVersion);
  }

  #tooLarge(size: number): ProtocolError {
    const detail = `${size} bytes, allowed are ${this.maximumPacketSize}`;
    return faulty(faults.packetTooLarge, this.protocolVersion, detail);
  }

  /** The packet that was cut, once all its bytes are here. */
  #nextOfParts(cut: CutPacket): DecodedPacket | undefined {
    do {
      if (!cut.hasHeader) this.#takeHeader(cut);
      if (cut.hasHeader) this.#at = cut.add(this.#chunk, this.#at);
      if (cut.isComplete) return this.#decodeParts(cut);
    } while (this.#openNextChunk());
    return undefined;
  }

  #takeHeader(cut: CutPacket): void {
    while (this.#at < this.#chunk.length) {
      const header = cut.addHeaderByte(this.#chunk[this.#at++] ?? 0);
      if (this.#judgeHeader(header, 0, cut.length) === 0) continue;
      cut.declare(cursor.end);
      return;
    }
  }

  /** A payload may stay in pieces. What else is in a packet is decoded from one. */
  #decodeParts({ pieces, length }: CutPacket): DecodedPacket {
    this.#cut = undefined;
    if (this.#at === this.#chunk.length) this.#openNextChunk();
    const [first = noBytes, ...rest] = pieces;
    const headerSize = this.#judgeHeader(first, 0, first.length);
    if (rest.length === 0) return this.#decode(first, 0, headerSize, length);
    if (!hasHeadIn(first, headerSize, this.protocolVersion)) {
      return this.#decode(joined(pieces), 0, headerSize, length);
    }
    cursor.rest = rest;
    try {
      return this.#decode(first, 0, headerSize, length);
    } finally {
      cursor.rest = noPieces;
    }
  }

  #decode(bytes: Uint8Array, frameStart: number, bodyStart: number, frameEnd: number): DecodedPacket {
    cursor.bytes = bytes;
    cursor.frameStart = frameStart;
    cursor.at = bodyStart;
    cursor.end = frameEnd;
    cursor.version = this.protocolVersion;
    cursor.topicCache = this.#topicCache;
    try {
      return decodePacket(cursor, bytes[frameStart] ?? 0);
    } finally {
      cursor.bytes = noBytes;
      cursor.topicCache = undefined;
      this.protocolVersion ??= cursor.version;
    }
  }

  #fail(error: ProtocolError): void {
    this.#failure = error;
    this.#chunk = noBytes;
    this.#at = 0;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    this.#cut = undefined;
  }
}
