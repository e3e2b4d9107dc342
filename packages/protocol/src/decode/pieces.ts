/** Of a packet that lies in one array: nothing lies anywhere else. */
export const noPieces: readonly Uint8Array[] = [];

/** The bytes of all pieces in one array. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
