import { isIP } from 'node:net';
import { findTopicFilterFault } from '@carillon/topics';
import { AclError } from './acl-error.ts';
import type { AclCertificate, AclRule, AclWho } from './acl-rule.ts';
import { invalid } from './line-tokens.ts';
import { hasPlaceholders } from './placeholders.ts';
import { plainFingerprint } from './who.ts';

/** Gives the place of a part of a rule, by its name in the file format. */
export type PlaceOf = (part: string) => { line: number; column: number } | undefined;

/**
 * Checks what the types of a rule do not say.
 *
 * @throws AclError saying what is wrong and what would be right.
 */
export function checkRule({ effect, topic, who = {}, maximumQoS, retain }: AclRule, placeOf: PlaceOf): void {
  const refuse: Refuse = (part, message) => {
    const place = placeOf(part);
    throw place === undefined
      ? new AclError('ACL_RULE_INVALID', message)
      : invalid(message, place.line, place.column);
  };
  checkTopic(topic, refuse);
  checkWho(who, refuse);
  if (effect === 'deny' && maximumQoS !== undefined) refuse('qos', 'qos belongs to rules that allow');
  if (effect === 'deny' && retain !== undefined) refuse('retain', 'retain belongs to rules that allow');
}

type Refuse = (part: string, message: string) => never;

function checkTopic(topic: string, refuse: Refuse): void {
  if (topic.startsWith('$share/')) {
    refuse('topic', 'a rule is about topics, shared or not: leave "$share/" and the name of the group out');
  }
  const [first = ''] = topic.split('/', 1);
  if (first.startsWith('$') && hasPlaceholders(first)) {
    refuse(
      'topic',
      `"${first}" has a placeholder in a first level that begins with "$", which is not possible`,
    );
  }
  // A placeholder is as good as a name of one letter.
  const fault = findTopicFilterFault(topic.replace(/%[uc]/g, 'x'));
  if (fault !== undefined) refuse('topic', `"${topic}" is no topic filter: ${fault.message}`);
}

function checkWho({ user, anonymous, address, certificate }: AclWho, refuse: Refuse): void {
  if (user !== undefined && anonymous === true) {
    refuse('anonymous', 'nobody has a name and is anonymous: give user or anonymous');
  }
  if (address !== undefined && rangeOf(address) === undefined) {
    refuse('address', `"${address}" is no address or range; write 10.0.0.7, 10.0.0.0/8 or 2001:db8::/32`);
  }
  if (certificate !== undefined) checkCertificate(certificate, refuse);
}

function checkCertificate({ fingerprint, alternativeName }: AclCertificate, refuse: Refuse): void {
  if (fingerprint !== undefined && !/^[0-9a-f]{64}$/.test(plainFingerprint(fingerprint))) {
    refuse('fingerprint', 'the fingerprint is none of SHA-256: write its 32 bytes in hexadecimal');
  }
  if (alternativeName !== undefined && !/^[A-Za-z ]+:./.test(alternativeName)) {
    refuse(
      'san',
      `"${alternativeName}" has no kind; write DNS:${alternativeName}, URI:…, email:… or "IP Address:…"`,
    );
  }
}

/** A range of addresses; undefined when the text is none. */
export function rangeOf(
  text: string,
): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0 || address.includes('%')) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = bits === undefined ? longest : Number(bits);
  return prefix > longest ? undefined : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
