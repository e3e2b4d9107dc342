// @peculiar/x509 asks for it before anything else.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, as PEM. */
export interface TestIdentity {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says besides its subject. */
export interface CertificateOptions {
  readonly names?: readonly JsonGeneralName[];
  readonly usage?: ExtendedKeyUsage;
  /** May be past. Default: in 30 days. */
  readonly validTo?: Date;
}

/** What a revocation list says besides whom it revokes. */
export interface ListOptions {
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly extensions?: Extension[];
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** An authority made for one test run: signs certificates and revocation lists. Takes a few milliseconds. */
export class Authority {
  /** As subjects are written: `CN=Test authority`. */
  readonly name: string;
  /** Its own certificate, as PEM. */
  readonly cert: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  #issued = 0;

  private constructor(name: string, cert: string, keys: webcrypto.CryptoKeyPair) {
    this.name = name;
    this.cert = cert;
    this.#keys = keys;
  }

  static async create(name = 'CN=Test authority'): Promise<Authority> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name,
      keys,
      notBefore: inDays(-2),
      notAfter: inDays(30),
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new Authority(name, certificate.toString('pem'), keys);
  }

  /** A certificate for a server that answers to these names (`localhost`, `*.example.com`) or addresses. */
  server(...hosts: string[]): Promise<TestIdentity> {
    const names = hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const);
    return this.sign(`CN=${hosts[0] ?? 'localhost'}`, { names, usage: ExtendedKeyUsage.serverAuth });
  }

  /** A certificate for a client with this common name. */
  client(commonName: string, options: Omit<CertificateOptions, 'usage'> = {}): Promise<TestIdentity> {
    return this.sign(`CN=${commonName}`, { ...options, usage: ExtendedKeyUsage.clientAuth });
  }

  /** A certificate for a subject, as `CN=pump7, OU=pumps`. */
  async sign(subject: string, options: CertificateOptions = {}): Promise<TestIdentity> {
    const { names = [], usage, validTo = inDays(30) } = options;
    const own = await generateKeys();
    // Above 0x80 the encoding gets a leading zero, as most real numbers do.
    const serialNumber = (0xa0 + this.#issued++).toString(16);
    const certificate = await X509CertificateGenerator.create({
      serialNumber,
      subject,
      issuer: this.name,
      notBefore: inDays(-2),
      notAfter: validTo,
      signingAlgorithm: algorithm,
      signingKey: this.#keys.privateKey,
      publicKey: own.publicKey,
      extensions: [
        ...(usage === undefined ? [] : [new ExtendedKeyUsageExtension([usage])]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension([...names])]),
      ],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
    return { cert: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') };
  }

  /** A list of those that do not count any more, as PEM. */
  async revoke(identities: readonly TestIdentity[], options: ListOptions = {}): Promise<string> {
    const list = await X509CrlGenerator.create({
      issuer: this.name,
      thisUpdate: inDays(-1),
      nextUpdate: inDays(1),
      signingAlgorithm: algorithm,
      signingKey: this.#keys.privateKey,
      entries: identities.map(({ cert }) => ({ serialNumber: new X509Certificate(cert).serialNumber })),
      ...options,
    });
    return `${PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}
