/** Castagnoli's polynomial, bits reversed (RFC 9260, appendix A). */
const polynomial = 0x82f63b78;

/**
 * CRC-32C, the checksum a PROXY protocol header may carry. Bit by bit: it runs over a few hundred bytes once
 * per proxied connection, and only when the proxy sends one.
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
