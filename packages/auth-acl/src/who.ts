import type { BlockList } from 'node:net';
import type { ClientCertificate, ClientView, Principal } from '@carillon/hooks';
import type { AclCertificate, AclWho } from './acl-rule.ts';

/** Who is judged: what is known for certain, and what only a connection tells. */
export interface Subject {
  readonly principal: Principal;
  /** Undefined while the client is away. */
  readonly client: ClientView | undefined;
}

/** Does somebody meet the conditions of a rule? `unknown`: they ask about a connection that there is not. */
export type Fit = 'yes' | 'no' | 'unknown';

/** The conditions of a rule, made ready. */
export class Who {
  /** Where the rule is filed: under the rarest thing it asks for. */
  readonly key: string;
  readonly #who: AclWho;
  readonly #addresses: BlockList | undefined;
  readonly #certificate: ((certificate: ClientCertificate) => boolean) | undefined;

  constructor(who: AclWho, addresses: BlockList | undefined) {
    this.#who = who;
    this.#addresses = addresses;
    this.#certificate = who.certificate === undefined ? undefined : certificateTest(who.certificate);
    this.key = keyOf(who);
  }

  fits({ principal, client }: Subject): Fit {
    const { user, anonymous, clientId, group } = this.#who;
    if (user !== undefined && principal.identity !== user) return 'no';
    if (anonymous === true && principal.identity !== undefined) return 'no';
    if (clientId !== undefined && principal.id !== clientId) return 'no';
    if (group !== undefined && !principal.groups.includes(group)) return 'no';
    if (this.#addresses === undefined && this.#certificate === undefined) return 'yes';
    if (client === undefined) return 'unknown';
    const { address, family, certificate } = client.remote;
    if (this.#addresses !== undefined && !hasAddress(this.#addresses, address, family)) return 'no';
    if (this.#certificate === undefined) return 'yes';
    return certificate?.authorized === true && this.#certificate(certificate) ? 'yes' : 'no';
  }
}

function hasAddress(
  addresses: BlockList,
  address: string | undefined,
  family: 'IPv4' | 'IPv6' | undefined,
): boolean {
  if (address === undefined) return false;
  return addresses.check(
    address,
    (family ?? (address.includes(':') ? 'IPv6' : 'IPv4')) === 'IPv6' ? 'ipv6' : 'ipv4',
  );
}

/** The keys under which the rules that may be about somebody are filed; the empty one is for everybody. */
export function keysOf({ id, identity, groups }: Principal): readonly string[] {
  return [
    '',
    `c ${id}`,
    identity === undefined ? 'a' : `u ${identity}`,
    ...groups.map((group) => `g ${group}`),
  ];
}

function keyOf({ user, clientId, group, anonymous }: AclWho): string {
  if (clientId !== undefined) return `c ${clientId}`;
  if (user !== undefined) return `u ${user}`;
  if (group !== undefined) return `g ${group}`;
  return anonymous === true ? 'a' : '';
}

function certificateTest(wanted: AclCertificate): (certificate: ClientCertificate) => boolean {
  const { commonName, subject = {}, alternativeName, fingerprint } = wanted;
  const fields = Object.entries(commonName === undefined ? subject : { ...subject, CN: commonName });
  const digits = fingerprint === undefined ? undefined : plainFingerprint(fingerprint);
  return (certificate) =>
    fields.every(([field, value]) => hasField(certificate, field, value)) &&
    (alternativeName === undefined || alternativeNames(certificate).includes(alternativeName)) &&
    (digits === undefined || plainFingerprint(certificate.fingerprint256) === digits);
}

function hasField({ subject }: ClientCertificate, field: string, value: string): boolean {
  const found = Object.hasOwn(subject, field) ? subject[field] : undefined;
  return typeof found === 'string' ? found === value : found?.includes(value) === true;
}

/**
 * Node writes `DNS:a.example, URI:urn:x`, and puts a name that could be taken for two into the quotes of JSON: such
 * names are given as Node writes them.
 */
function alternativeNames({ subjectAlternativeName = '' }: ClientCertificate): readonly string[] {
  return (
    subjectAlternativeName.match(/[^,"]*(?:"(?:[^"\\]|\\.)*")?[^,"]*/g)?.map((name) => name.trim()) ?? []
  );
}

export function plainFingerprint(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}
