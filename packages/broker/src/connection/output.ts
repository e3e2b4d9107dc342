import type { ByteChannel } from '@carillon/hooks';
import {
  encodedLength,
  encodeInto,
  type Packet,
  type ProtocolVersion,
  type PublishRun,
} from '@carillon/protocol';
import type { PublishFrame } from '../publishing/publish-frame.ts';
import { copyBytes, type OutputSlabs, viewOf } from './output-slab.ts';

/** From here on a payload travels by reference: copying it would cost more than a second buffer in the write. */
export const largePayload = 8 * 1024;

/** From here on a range leaves as a piece of its own; shorter ones that lie apart are joined by a copy. */
const longRange = 2 * 1024;

/** Bytes from `start` to `end`, which nobody will change. */
interface Range {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const noBytes = new Uint8Array(0);

/**
 * What one connection has to say this turn, until it leaves in one write.
 *
 * It is a list of ranges, of the chunks that came in and of the slab for what is made here. Ranges that lie side
 * by side become one: what a publisher sends to one subscriber in a row is passed on as it came, in one piece, and
 * the acknowledgements of a chunk are one piece too.
 */
export class Output {
  readonly #slabs: OutputSlabs;
  readonly #channel: ByteChannel;
  /** The latest range, which may still grow. */
  #bytes: Uint8Array = noBytes;
  #start = 0;
  #end = 0;
  /** What comes before it. */
  #earlier: Range[] | undefined = undefined;
  #earlierBytes = 0;

  constructor(slabs: OutputSlabs, channel: ByteChannel) {
    this.#slabs = slabs;
    this.#channel = channel;
  }

  /** Gathered and not yet given to the channel. */
  get pendingBytes(): number {
    return this.#earlierBytes + this.#end - this.#start;
  }

  /** Encodes a packet where it leaves from; gives its length. One that is longer than `most` is not sent: 0. */
  appendPacket(packet: Packet, version: ProtocolVersion, most = Number.POSITIVE_INFINITY): number {
    const length = encodedLength(packet, version);
    if (length > most) return 0;
    const { packets } = this.#slabs;
    const at = packets.reserve(length);
    encodeInto(packet, version, packets.bytes, at);
    this.appendRange(packets.bytes, at, at + length);
    return length;
  }

  /** Sends bytes that nobody will change, from `start` to `end`. */
  appendRange(bytes: Uint8Array, start: number, end: number): void {
    if (this.#bytes === bytes && this.#end === start) {
      this.#end = end;
      return;
    }
    if (this.#end > this.#start) {
      this.#earlier ??= [];
      this.#earlier.push({ bytes: this.#bytes, start: this.#start, end: this.#end });
      this.#earlierBytes += this.#end - this.#start;
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** Copies a PUBLISH and writes its packet identifier. */
  appendWithPacketId({ bytes, start, end, packetIdAt }: PublishFrame, packetId: number): void {
    const { packets } = this.#slabs;
    const at = packets.copy(bytes, start, end);
    const copy = packets.bytes;
    copy[at + packetIdAt] = packetId >> 8;
    copy[at + packetIdAt + 1] = packetId & 0xff;
    this.appendRange(copy, at, at + end - start);
  }

  /** Copies packets that lie side by side, and writes the packet identifier of each. */
  appendWithPacketIds(run: PublishRun, packetIds: readonly number[]): void {
    const { source, start, end, payloadStarts, fromPacketIdToPayload } = run;
    const { packets } = this.#slabs;
    const at = packets.copy(source, start, end);
    const copy = packets.bytes;
    const toPacketId = at - start - fromPacketIdToPayload;
    for (let index = 0; index < packetIds.length; index++) {
      const packetId = packetIds[index] ?? 0;
      const idAt = (payloadStarts[index] ?? 0) + toPacketId;
      copy[idAt] = packetId >> 8;
      copy[idAt + 1] = packetId & 0xff;
    }
    this.appendRange(copy, at, at + end - start);
  }

  /** A PUBACK of success in its four-byte form for each packet of a run. */
  appendPubacks({ source, count, payloadStarts, fromPacketIdToPayload }: PublishRun): void {
    const { acknowledgements } = this.#slabs;
    const start = acknowledgements.reserve(4 * count);
    const { bytes } = acknowledgements;
    let at = start;
    for (const payloadStart of payloadStarts) {
      const idAt = payloadStart - fromPacketIdToPayload;
      bytes[at] = 0x40;
      bytes[at + 1] = 2;
      bytes[at + 2] = source[idAt] ?? 0;
      bytes[at + 3] = source[idAt + 1] ?? 0;
      at += 4;
    }
    this.appendRange(bytes, start, at);
  }

  /** An acknowledgement in its four-byte form: success, no properties. */
  appendShortAcknowledgement(firstByte: number, packetId: number): void {
    const { acknowledgements } = this.#slabs;
    const at = acknowledgements.reserve(4);
    const { bytes } = acknowledgements;
    bytes[at] = firstByte;
    bytes[at + 1] = 2;
    bytes[at + 2] = packetId >> 8;
    bytes[at + 3] = packetId & 0xff;
    this.appendRange(bytes, at, at + 4);
  }

  /** Gives everything gathered to the channel; returns how much that was. */
  flush(): number {
    const length = this.pendingBytes;
    if (length === 0) return 0;
    const last = { bytes: this.#bytes, start: this.#start, end: this.#end };
    const pieces = this.#earlier === undefined ? [pieceOf(last)] : this.#join([...this.#earlier, last]);
    this.#earlier = undefined;
    this.#earlierBytes = 0;
    this.#bytes = noBytes;
    this.#start = 0;
    this.#end = 0;
    // A peer that is behind is not to keep a whole chunk or slab in memory for each piece it leaves there.
    const isBehind = this.#channel.unsentBytes > 0;
    this.#channel.write(isBehind ? pieces.map(withoutRest) : pieces);
    return length;
  }

  /** Long ranges are pieces as they are; the short ones in a row become one piece. */
  #join(ranges: readonly Range[]): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let short: Range[] = [];
    for (const range of ranges) {
      if (range.end - range.start < longRange) {
        short.push(range);
        continue;
      }
      this.#pushJoined(short, pieces);
      short = [];
      pieces.push(pieceOf(range));
    }
    this.#pushJoined(short, pieces);
    return pieces;
  }

  #pushJoined(ranges: readonly Range[], pieces: Uint8Array[]): void {
    if (ranges.length === 0) return;
    let length = 0;
    for (const { start, end } of ranges) length += end - start;
    const { packets } = this.#slabs;
    const joined = packets.reserve(length);
    const { bytes: slab } = packets;
    let at = joined;
    for (const { bytes, start, end } of ranges) {
      copyBytes(bytes, start, end, slab, at);
      at += end - start;
    }
    pieces.push(viewOf(slab, joined, at));
  }
}

function pieceOf({ bytes, start, end }: Range): Uint8Array {
  return end - start === bytes.length ? bytes : viewOf(bytes, start, end);
}

function withoutRest(piece: Uint8Array): Uint8Array {
  // Not by `slice`, which of a Buffer, as sockets give them, is no copy.
  return piece.buffer.byteLength > 2 * piece.length ? new Uint8Array(piece) : piece;
}
