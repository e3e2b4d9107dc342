import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const runPbkdf2 = promisify<Uint8Array, Uint8Array, number, number, string, Buffer>(pbkdf2);

/** The functions of RFC 5802 over one hash. */
export class ScramHash {
  /** Bytes of a key. */
  readonly length: number;
  readonly #name: string;

  /** @param name As Node names the hash: `sha256`. */
  constructor(name: string) {
    this.#name = name;
    this.length = createHash(name).digest().length;
  }

  /** `H(str)` */
  hash(data: Uint8Array): Uint8Array {
    return createHash(this.#name).update(data).digest();
  }

  /** `HMAC(key, str)` */
  hmac(key: Uint8Array, data: Uint8Array | string): Uint8Array {
    return createHmac(this.#name, key).update(data).digest();
  }

  /** `Hi(str, salt, i)`, on a thread of Node's pool. */
  salted(password: string, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
    return runPbkdf2(Buffer.from(password), salt, iterations, this.length, this.#name);
  }
}

/** As long as it takes, wherever they differ. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Of two of the same length. */
export function exclusiveOr(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, index) => byte ^ (other[index] ?? 0));
}
