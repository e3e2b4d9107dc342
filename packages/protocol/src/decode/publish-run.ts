import type { DecodedPublish } from './publish.ts';

/** PUBLISH packets of QoS 0 side by side, the same in everything but their payloads. */
export interface PublishRun {
  /** The bytes they lie in, from here … */
  readonly source: Uint8Array;
  readonly start: number;
  /** … to here. */
  readonly end: number;
  readonly count: number;
  /** Of all of them. */
  readonly payloadBytes: number;
}

/**
 * The packets behind `packet` that repeat it: same first byte, same topic, same properties, whole, none larger than
 * `maximumPacketSize`, not more than `maximumBytes` together. Undefined when there are none.
 *
 *     │ 30 66 topic payload │ 30 67 topic payload │ 30 64 topic payload │ 30 …
 *       packet                └───────────────── run ───────────────────┘
 *
 * @internal
 */
export function findRepeats(
  packet: DecodedPublish,
  maximumPacketSize: number,
  maximumBytes: number,
): PublishRun | undefined {
  // Two of the same identifier are not two of the same kind.
  if (packet.qos !== 0) return undefined;
  const { source: bytes, frameStart, frameEnd: start, payloadStart } = packet;
  const firstByte = bytes[frameStart];
  const headerStart = behindLength(bytes, frameStart + 1);
  const headerBytes = payloadStart - headerStart;
  const limit = Math.min(bytes.length, start + maximumBytes);
  let at = start;
  let count = 0;
  let payloadBytes = 0;
  while (at < limit && bytes[at] === firstByte) {
    const header = behindLength(bytes, at + 1);
    const end = header + remainingLength(bytes, at + 1, header);
    const payload = end - header - headerBytes;
    if (payload < 0 || end > limit || end - at > maximumPacketSize) break;
    if (!sameBytes(bytes, headerStart, header, headerBytes)) break;
    count++;
    payloadBytes += payload;
    at = end;
  }
  return count === 0 ? undefined : { source: bytes, start, end: at, count, payloadBytes };
}

/** Where the Remaining Length at `start` ends; past the end of the bytes when it is cut. */
function behindLength(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return at + 1;
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
