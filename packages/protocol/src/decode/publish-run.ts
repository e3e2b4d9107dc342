import { behindVariableByteInteger } from '../variable-byte-integer.ts';
import type { DecodedPublish } from './publish.ts';

/** PUBLISH packets of QoS 0 or 1 side by side, the same in everything but their payloads and packet identifiers. */
export interface PublishRun {
  /** The bytes they lie in, from here … */
  readonly source: Uint8Array;
  readonly start: number;
  /** … to here. */
  readonly end: number;
  readonly count: number;
  /** Of all of them. */
  readonly payloadBytes: number;
  /** Where the payload of each begins in `source`; empty at QoS 0. */
  readonly payloadStarts: readonly number[];
  /** Where each of them ends; empty at QoS 0. */
  readonly ends: readonly number[];
  /** How far before its payload a packet has its identifier. */
  readonly fromPacketIdToPayload: number;
}

/** How much of what repeats a packet is wanted. */
export interface RunLimits {
  /** Of all packets together. */
  readonly bytes: number;
  readonly packets: number;
}

/**
 * `packet` and those behind it that repeat it: same first byte, same topic, same properties, whole, none larger than
 * `maximumPacketSize`, not more than `limits` together. Undefined when it would be alone.
 *
 *     │ 30 66 topic payload │ 30 67 topic payload │ 30 64 topic payload │ 30 …
 *     └─ packet ──────────────────── run ─────────────────────────────┘
 *
 * @internal
 */
export function findRepeats(
  packet: DecodedPublish,
  maximumPacketSize: number,
  limits: RunLimits,
): PublishRun | undefined {
  // Two of the same identifier are not two of the same kind.
  if (packet.qos === 2) return undefined;
  const { source: bytes, frameStart: start, frameEnd, payloadStart } = packet;
  const firstByte = bytes[start];
  const headerStart = behindVariableByteInteger(bytes, start + 1);
  const headerBytes = payloadStart - headerStart;
  const hasPacketIds = packet.qos === 1;
  const topicBytes = hasPacketIds ? 2 + twoBytes(bytes, headerStart) : headerBytes;
  const behindPacketId = hasPacketIds ? topicBytes + 2 : topicBytes;
  const payloadStarts = hasPacketIds ? [payloadStart] : [];
  const ends = hasPacketIds ? [frameEnd] : [];
  const limit = Math.min(bytes.length, start + limits.bytes);
  let at = frameEnd;
  let count = 1;
  let payloadBytes = frameEnd - payloadStart;
  while (at < limit && count < limits.packets && bytes[at] === firstByte) {
    const header = behindVariableByteInteger(bytes, at + 1);
    const end = header + remainingLength(bytes, at + 1, header);
    const payload = end - header - headerBytes;
    if (payload < 0 || end > limit || end - at > maximumPacketSize) break;
    if (!sameBytes(bytes, headerStart, header, topicBytes)) break;
    if (hasPacketIds) {
      // [MQTT-2.2.1-3]
      if (twoBytes(bytes, header + topicBytes) === 0) break;
      const [from, to] = [headerStart + behindPacketId, header + behindPacketId];
      if (!sameBytes(bytes, from, to, headerBytes - behindPacketId)) break;
      payloadStarts.push(header + headerBytes);
      ends.push(end);
    }
    count++;
    payloadBytes += payload;
    at = end;
  }
  if (count === 1) return undefined;
  const fromPacketIdToPayload = headerBytes - topicBytes;
  return { source: bytes, start, end: at, count, payloadBytes, payloadStarts, ends, fromPacketIdToPayload };
}

/**
 * A short look at what follows: whether it begins as `packet` does and has its topic.
 *
 * @internal
 */
export function mayBeRepeated({ source, frameStart, frameEnd }: DecodedPublish): boolean {
  if (source[frameEnd] !== source[frameStart]) return false;
  const headerStart = behindVariableByteInteger(source, frameStart + 1);
  const topicBytes = 2 + twoBytes(source, headerStart);
  return sameBytes(source, headerStart, behindVariableByteInteger(source, frameEnd + 1), topicBytes);
}

function twoBytes(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Infinite where it is not in its shortest form, or too long: whoever decodes the packet says what is wrong. */
function remainingLength(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  if (size > 4 || (size > 1 && bytes[end - 1] === 0)) return Number.POSITIVE_INFINITY;
  let length = 0;
  for (let at = end - 1; at >= start; at--) length = (length << 7) | ((bytes[at] ?? 0) & 0x7f);
  return length;
}

function sameBytes(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[one + i] !== bytes[other + i]) return false;
  return true;
}
