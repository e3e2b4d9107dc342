const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f6_3b78 : rest >>> 1;
  return rest;
});

/** CRC-32C of some bytes, in the form in which LevelDB stores it beside them. */
export function storedChecksum(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  }
  crc = ~crc >>> 0;
  // A checksum over bytes that hold checksums would be weak: LevelDB turns and shifts them.
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
}
