import { messageOf } from '@carillon/hooks/checks';
import { type Name, PemConverter, X509Certificate, X509Crl } from './x509.ts';

/** What is known of a certificate: nothing against it, or why it is not to be trusted. */
export type Standing = { readonly good: true } | { readonly good: false; readonly why: string };

/** One authority's list, with what it takes to ask it. */
interface List {
  /** Hexadecimal, lower case, without leading zeros. */
  readonly revoked: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly nextUpdate: number;
}

const deltaIndicator = '2.5.29.27';
const issuingDistributionPoint = '2.5.29.28';

/** Certificate revocation lists (CRL) of RFC 5280, their signatures checked. */
export class RevocationLists {
  /** By the name of the issuer, in DER. */
  readonly #lists: ReadonlyMap<string, List>;

  private constructor(lists: ReadonlyMap<string, List>) {
    this.#lists = lists;
  }

  /**
   * Reads the lists of a file: PEM with any number of them, or one in DER. Where an authority has several, the
   * one it issued last counts.
   *
   * @throws {Error} for what is no list, a list that none of the authorities has signed, and partial lists.
   */
  static async read(bytes: Uint8Array, authorities: readonly X509Certificate[]): Promise<RevocationLists> {
    const lists = derBlocksOf(bytes, 'X509 CRL').map((der, index) => decodeList(der, index + 1));
    if (lists.length === 0) throw new Error('there is no revocation list in it ("-----BEGIN X509 CRL-----")');
    lists.sort((one, other) => one.thisUpdate.getTime() - other.thisUpdate.getTime());
    const byIssuer = new Map<string, List>();
    for (const list of lists) {
      await checkSignature(list, authorities);
      byIssuer.set(nameKey(list.issuerName), {
        revoked: new Set(list.entries.map(({ serialNumber }) => serialKey(serialNumber))),
        nextUpdate: list.nextUpdate?.getTime() ?? Number.POSITIVE_INFINITY,
      });
    }
    return new RevocationLists(byIssuer);
  }

  /** Whether a certificate stands. A list that is missing or out of date speaks against it. */
  standingOf(certificate: X509Certificate, now: number): Standing {
    const list = this.#lists.get(nameKey(certificate.issuerName));
    if (list === undefined) return bad(`there is no revocation list of "${certificate.issuer}"`);
    if (list.revoked.has(serialKey(certificate.serialNumber))) return bad('the certificate was revoked');
    if (list.nextUpdate < now) {
      return bad(`the revocation list of "${certificate.issuer}" is out of date`);
    }
    return { good: true };
  }
}

/**
 * Reads the certificates of a PEM file, or the one in DER.
 *
 * @throws {Error} when there is none, or one cannot be read.
 */
export function readCertificates(bytes: Uint8Array): X509Certificate[] {
  const blocks = derBlocksOf(bytes, 'CERTIFICATE');
  if (blocks.length === 0) throw new Error('there is no certificate in it ("-----BEGIN CERTIFICATE-----")');
  return blocks.map((der, index) => {
    try {
      return new X509Certificate(der);
    } catch (cause) {
      throw new Error(`certificate ${index + 1} cannot be read: ${messageOf(cause)}`, { cause });
    }
  });
}

function derBlocksOf(bytes: Uint8Array, type: string): Uint8Array[] {
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.includes('-----BEGIN ')) return bytes.length === 0 ? [] : [bytes];
  return PemConverter.decodeWithHeaders(text)
    .filter((block) => block.type === type)
    .map(({ rawData }) => new Uint8Array(rawData));
}

function decodeList(der: Uint8Array, place: number): X509Crl {
  let list: X509Crl;
  try {
    list = new X509Crl(der);
  } catch (cause) {
    throw new Error(`revocation list ${place} cannot be read: ${messageOf(cause)}`, { cause });
  }
  for (const { type, critical } of list.extensions) {
    if (type === deltaIndicator || (type === issuingDistributionPoint && critical)) {
      throw new Error(
        `revocation list ${place} (of "${list.issuer}") is only part of a list (extension ${type}): ` +
          'give the complete list of the authority',
      );
    }
  }
  return list;
}

async function checkSignature(list: X509Crl, authorities: readonly X509Certificate[]): Promise<void> {
  const issuer = nameKey(list.issuerName);
  for (const authority of authorities) {
    if (nameKey(authority.subjectName) === issuer && (await list.verify({ publicKey: authority }))) return;
  }
  throw new Error(`the list of "${list.issuer}" is signed by none of the authorities`);
}

function nameKey(name: Name): string {
  return Buffer.from(name.toArrayBuffer()).toString('hex');
}

function serialKey(serialNumber: string): string {
  return serialNumber.toLowerCase().replace(/^0+/, '');
}

function bad(why: string): Standing {
  return { good: false, why };
}
