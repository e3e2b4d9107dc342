import { Packet, STAMP_BYTES, type Version } from './frames.ts';

/** Who is told what a chunk holds. */
export interface FrameHandler {
  publish(header: number, packetId: number, publisher: number, sequence: number): void;
  /** Any other packet. `reason` is the worst code it carries; 0 where it carries none. */
  control(type: number, packetId: number, reason: number): void;
}

/** Bytes that must be free in front of each chunk: the head of a frame whose end comes later is put there. */
export const HEADROOM = 4096;

/**
 * Reads frames where they lie. Only the head of a PUBLISH is looked at; the rest of its payload is skipped, however
 * many chunks it takes. A head that a chunk cuts in two is carried over into the room in front of the next chunk.
 */
export class FrameReader {
  readonly #version: Version;
  readonly #handler: FrameHandler;
  /** Bytes of a payload that are still to come. */
  #skip = 0;
  #carried: Buffer = Buffer.alloc(0);

  constructor(version: Version, handler: FrameHandler) {
    this.#version = version;
    this.#handler = handler;
  }

  /** Reads a chunk; the bytes in front of `start`, as many as {@link HEADROOM}, may be overwritten. */
  read(bytes: Buffer, start: number, end: number): void {
    let at = start;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, end - at);
      this.#skip -= skipped;
      at += skipped;
    } else if (this.#carried.length > 0) {
      at -= this.#carried.length;
      this.#carried.copy(bytes, at);
      this.#carried = Buffer.alloc(0);
    }
    while (at < end) {
      const next = this.#frame(bytes, at, end);
      if (next === at) {
        if (end - at > HEADROOM) throw new Error(`a frame head longer than ${HEADROOM} bytes`);
        this.#carried = Buffer.from(bytes.subarray(at, end));
        return;
      }
      at = next;
    }
    this.#skip += at - end;
  }

  /** @returns Where the next frame begins, or `at` itself when the head of this one is not all there. */
  #frame(bytes: Buffer, at: number, end: number): number {
    const header = bytes[at] ?? 0;
    let cursor = at + 1;
    let length = 0;
    let scale = 1;
    for (;;) {
      if (cursor >= end) return at;
      const byte = bytes[cursor++] ?? 0;
      length += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    const next = cursor + length;
    if ((header & 0xf0) === Packet.publish) return this.#publish(header, bytes, at, cursor, end, next);
    if (next > end) return at;
    this.#control(header & 0xf0, bytes, cursor, next);
    return next;
  }

  #publish(header: number, bytes: Buffer, at: number, body: number, end: number, next: number): number {
    if (body + 2 > end) return at;
    let cursor = body + 2 + (((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0));
    let packetId = 0;
    if ((header & 0x06) !== 0) {
      if (cursor + 2 > end) return at;
      packetId = ((bytes[cursor] ?? 0) << 8) | (bytes[cursor + 1] ?? 0);
      cursor += 2;
    }
    if (this.#version === 5) {
      // No load sets more properties than one length byte counts, and no broker adds that many.
      if (cursor >= end) return at;
      cursor += 1 + (bytes[cursor] ?? 0);
    }
    if (cursor + STAMP_BYTES > end) return at;
    this.#handler.publish(header, packetId, word(bytes, cursor), word(bytes, cursor + 4));
    return next;
  }

  #control(type: number, bytes: Buffer, body: number, next: number): void {
    const packetId = ((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0);
    this.#handler.control(type, packetId, this.#reason(type, bytes, body, next));
  }

  /** The worst of the reason codes; an acknowledgement of two bytes means success. */
  #reason(type: number, bytes: Buffer, body: number, next: number): number {
    if (type === Packet.connack) return bytes[body + 1] ?? 0;
    if (type === Packet.disconnect) return next > body ? (bytes[body] ?? 0) : 0;
    if (type !== Packet.suback) return next > body + 2 ? (bytes[body + 2] ?? 0) : 0;
    let worst = 0;
    const codes = body + 2 + (this.#version === 5 ? 1 + (bytes[body + 2] ?? 0) : 0);
    for (let at = codes; at < next; at++) worst = Math.max(worst, bytes[at] ?? 0);
    return worst;
  }
}

function word(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)) >>>
    0
  );
}
