import { faults } from '../faults.ts';
import type { ProtocolVersion } from '../packets.ts';
import { faulty, type ProtocolError } from '../protocol-error.ts';
import type { TopicCache } from '../topic-cache.ts';
import { noPieces } from './pieces.ts';
import { decodeString } from './strings.ts';

const noBytes = new Uint8Array(0);

/** The place in the one packet that is being decoded. Every read stays inside the packet or throws. */
export class Cursor {
  bytes: Uint8Array = noBytes;
  /** What lies behind `bytes`: of a PUBLISH that was cut, payload and nothing else. */
  rest: readonly Uint8Array[] = noPieces;
  /** Of the fixed header. */
  frameStart = 0;
  at = 0;
  end = 0;
  version: ProtocolVersion | undefined = undefined;
  /** Where the value of the latest Topic Alias stands. */
  topicAliasAt = 0;
  topicCache: TopicCache | undefined = undefined;

  get atEnd(): boolean {
    return this.at === this.end;
  }

  byte(field: string): number {
    if (this.at >= this.end) throw this.truncated(field);
    return this.bytes[this.at++] ?? 0;
  }

  twoBytes(field: string): number {
    const at = this.at;
    if (at + 2 > this.end) throw this.truncated(field);
    this.at = at + 2;
    return ((this.bytes[at] ?? 0) << 8) | (this.bytes[at + 1] ?? 0);
  }

  fourBytes(field: string): number {
    const high = this.twoBytes(field);
    return high * 0x10000 + this.twoBytes(field);
  }

  variableByteInteger(field: string): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte(field);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        // [MQTT-1.5.5-1]
        if (byte === 0 && shift > 0) throw faulty(faults.overlongInteger, this.version, field);
        return value;
      }
    }
    throw faulty(faults.longInteger, this.version, field);
  }

  string(field: string): string {
    const length = this.twoBytes(field);
    const start = this.at;
    const end = start + length;
    if (end > this.end) throw this.truncated(field);
    this.at = end;
    return decodeString(this.bytes, start, end, this.version, field);
  }

  /** A topic: from the cache when it is there. */
  topic(field: string): string {
    if (this.topicCache === undefined) return this.string(field);
    const length = this.twoBytes(field);
    const start = this.at;
    const end = start + length;
    if (end > this.end) throw this.truncated(field);
    this.at = end;
    const cached = this.topicCache.find(this.bytes, start, end);
    if (cached !== undefined) return cached;
    const topic = decodeString(this.bytes, start, end, this.version, field);
    this.topicCache.remember(this.bytes, start, end, topic);
    return topic;
  }

  /** A view of the bytes, not a copy. */
  binary(field: string): Uint8Array {
    const length = this.twoBytes(field);
    return this.take(length, field);
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number, field: string): Uint8Array {
    const start = this.at;
    if (start + length > this.end) throw this.truncated(field);
    this.at = start + length;
    return viewOf(this.bytes, start, this.at);
  }

  /** @throws ProtocolError if the packet is longer than its fields. */
  expectEnd(): void {
    if (this.at !== this.end) throw faulty(faults.leftOver, this.version);
  }

  truncated(field: string): ProtocolError {
    return faulty(faults.truncated, this.version, field);
  }
}

/** A plain Uint8Array even if `bytes` is a subclass, whose `subarray` would be slower and of that class. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
