import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

export const hashNames = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const;
export type Method = keyof typeof hashNames;

/** The client's side of one login, written apart from the server's. */
export class ScramLogin {
  readonly #hash: string;
  readonly #password: string;
  readonly bare: string;
  readonly header: string;
  #serverSignature = '';

  constructor(method: Method, user: string, password: string, header = 'n,,') {
    this.#hash = hashNames[method];
    this.#password = password;
    this.bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${randomBytes(16).toString('hex')}`;
    this.header = header;
  }

  first(): Buffer {
    return Buffer.from(this.header + this.bare);
  }

  /** The answer to the server's question; `tamper` changes it before it is signed. */
  final(question: Uint8Array | undefined, tamper: (withoutProof: string) => string = (same) => same): Buffer {
    const asked = Buffer.from(question ?? []).toString();
    const [, nonce = '', salt = '', iterations = ''] = /^r=(.*),s=(.*),i=(\d+)$/.exec(asked) ?? [];
    const salted = pbkdf2Sync(
      this.#password,
      Buffer.from(salt, 'base64'),
      Number(iterations),
      createHash(this.#hash).digest().length,
      this.#hash,
    );
    const hmac = (key: Uint8Array, text: string) => createHmac(this.#hash, key).update(text).digest();
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash(this.#hash).update(clientKey).digest();
    const withoutProof = tamper(`c=${Buffer.from(this.header).toString('base64')},r=${nonce}`);
    const signed = `${this.bare},${asked},${withoutProof}`;
    const signature = hmac(storedKey, signed);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), signed).toString('base64');
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  }

  /** Whether the server has proven that it knows the password too. */
  isServer(proof: Uint8Array | undefined): boolean {
    return Buffer.from(proof ?? []).toString() === `v=${this.#serverSignature}`;
  }
}
