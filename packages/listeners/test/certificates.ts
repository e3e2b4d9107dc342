// @peculiar/x509 asks for it before anything else.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, as PEM. */
export interface TestIdentity {
  readonly cert: string;
  readonly key: string;
}

/** An authority made for one test run. */
export interface TestAuthority {
  /** The authority's own certificate, as PEM. */
  readonly cert: string;
  /** A certificate for a server that answers to these names (`localhost`, `*.example.com`) or addresses. */
  server(...names: string[]): Promise<TestIdentity>;
  /** A certificate for a client; `validTo` may be past. */
  client(commonName: string, validity?: { readonly validTo: Date }): Promise<TestIdentity>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

type KeyPair = webcrypto.CryptoKeyPair;

interface Signer {
  readonly certificate: X509Certificate;
  readonly keys: KeyPair;
}

interface Subject {
  readonly commonName: string;
  readonly extensions: Extension[];
  readonly validTo: Date;
}

/** Makes an authority with a fresh key. Takes a few milliseconds. */
export async function createAuthority(commonName = 'Test authority'): Promise<TestAuthority> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    notBefore: daysFromNow(-2),
    notAfter: daysFromNow(30),
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const signer = { certificate, keys };
  return {
    cert: certificate.toString('pem'),
    server: (...names) =>
      issue(signer, {
        commonName: names[0] ?? 'localhost',
        extensions: serverExtensions(names),
        validTo: daysFromNow(30),
      }),
    client: (name, validity) =>
      issue(signer, {
        commonName: name,
        extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
        validTo: validity?.validTo ?? daysFromNow(30),
      }),
  };
}

function serverExtensions(names: readonly string[]): Extension[] {
  const subjects = names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const);
  return [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(subjects),
  ];
}

async function issue(signer: Signer, subject: Subject): Promise<TestIdentity> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${subject.commonName}`,
    issuer: signer.certificate.subject,
    notBefore: daysFromNow(-2),
    notAfter: subject.validTo,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    extensions: subject.extensions,
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') };
}

function generateKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * day);
}
