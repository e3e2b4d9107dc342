import type { ProtocolVersion } from '../packets.ts';

const puback = 0x40;

/**
 * The packet identifiers of PUBACKs of success that lie side by side from `start` on, whole and without a word more.
 * They end at the first that is anything else, if only in its form: whoever decodes it says what it is.
 *
 *     │ 40 02 00 07 │ 40 02 00 08 │ 40 03 00 09 00 │ 40 04 00 0A 00 00 │ 40 02 00 …
 *       any version                 MQTT 5.0 alone                       cut
 *
 * @internal
 * @returns where the last one ends; `start` when there are none.
 */
export function findPubacks(
  bytes: Uint8Array,
  start: number,
  version: ProtocolVersion | undefined,
  packetIds: number[],
): number {
  const longest = version === 5 ? 4 : 2;
  let at = start;
  while (bytes[at] === puback) {
    const length = bytes[at + 1] ?? 0;
    const end = at + 2 + length;
    if (length < 2 || length > longest || end > bytes.length) break;
    // The reason code of success, and no properties.
    if ((length > 2 && bytes[at + 4] !== 0) || (length > 3 && bytes[at + 5] !== 0)) break;
    const packetId = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    // [MQTT-2.2.1-5]
    if (packetId === 0) break;
    packetIds.push(packetId);
    at = end;
  }
  return at;
}
