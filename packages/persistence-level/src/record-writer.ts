/** Builds a record field by field: the place of a field is its name. */
export class RecordWriter {
  #bytes: Buffer;
  #end = 0;

  /** @param room how many bytes the record will have, about; it grows when they are not enough. */
  constructor(room = 128) {
    this.#bytes = Buffer.allocUnsafe(room);
  }

  /** How many bytes there are so far. */
  get length(): number {
    return this.#end;
  }

  byte(value: number): void {
    this.#makeRoom(1);
    this.#bytes[this.#end++] = value;
  }

  /** A whole number from 0 to 2^53: seven bits in a byte, the lowest first; the high bit says that more follow. */
  whole(value: number): void {
    this.#makeRoom(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#end++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#end++] = rest;
  }

  /** Any number, in eight bytes. */
  number(value: number): void {
    this.#makeRoom(8);
    this.#end = this.#bytes.writeDoubleLE(value, this.#end);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.whole(length);
    this.#makeRoom(length);
    this.#end += this.#bytes.write(value, this.#end);
  }

  bytes(value: Uint8Array): void {
    this.whole(value.length);
    this.#makeRoom(value.length);
    this.#bytes.set(value, this.#end);
    this.#end += value.length;
  }

  /** What was written; nothing may be added to it. */
  record(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  #makeRoom(needed: number): void {
    if (this.#end + needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + needed));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}
