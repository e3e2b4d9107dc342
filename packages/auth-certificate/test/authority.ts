import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  type Extension,
  type JsonGeneralName,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '../src/x509.ts';

/** A certificate, its key and its number; certificate and key are PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly serialNumber: string;
}

/** What a revocation list says besides whom it revokes. */
export interface ListOptions {
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly extensions?: Extension[];
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** An authority that signs certificates and revocation lists, both PEM. */
export class Authority {
  readonly name: string;
  readonly cert: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  #issued = 0;

  private constructor(name: string, cert: string, keys: webcrypto.CryptoKeyPair) {
    this.name = name;
    this.cert = cert;
    this.#keys = keys;
  }

  static async create(name = 'CN=Example authority'): Promise<Authority> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name,
      keys,
      ...validity(),
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new Authority(name, certificate.toString('pem'), keys);
  }

  async sign(subject: string, names: JsonGeneralName[] = [], notAfter = inDays(1)): Promise<Identity> {
    const own = await generateKeys();
    // Above 0x80 the encoding gets a leading zero, as most real numbers do.
    const serialNumber = (0xa0 + this.#issued++).toString(16);
    const certificate = await X509CertificateGenerator.create({
      serialNumber,
      subject,
      issuer: this.name,
      signingKey: this.#keys.privateKey,
      publicKey: own.publicKey,
      ...validity(),
      notAfter,
      extensions: names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : [],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
    return {
      cert: certificate.toString('pem'),
      key: PemConverter.encode(key, 'PRIVATE KEY'),
      serialNumber,
    };
  }

  async revoke(identities: readonly Identity[], options: ListOptions = {}): Promise<string> {
    const list = await X509CrlGenerator.create({
      issuer: this.name,
      thisUpdate: inDays(-1),
      nextUpdate: inDays(1),
      signingAlgorithm: algorithm,
      signingKey: this.#keys.privateKey,
      entries: identities.map(({ serialNumber }) => ({ serialNumber })),
      ...options,
    });
    return `${PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
  }
}

function validity() {
  return { notBefore: inDays(-1), notAfter: inDays(1), signingAlgorithm: algorithm };
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
