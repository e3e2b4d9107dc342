import type { QoS } from '@carillon/protocol';

/**
 * What a rule is about.
 * - `publish`: sending messages, Wills too.
 * - `subscribe`: subscribing to topics, and getting their messages.
 * - `receive`: getting messages only, by whatever subscription.
 */
export type AclAction = 'publish' | 'subscribe' | 'receive';

/** What a client certificate has to say; everything named has to be so. Certificates that no authority vouches for do not count. */
export interface AclCertificate {
  /** The CN of its subject. */
  readonly commonName?: string;
  /** Other fields of its subject, such as `{ O: 'Acme', OU: 'depot' }`. */
  readonly subject?: Readonly<Record<string, string>>;
  /** One of its alternative names, with its kind: `DNS:device7.example`, `URI:urn:device:7`. */
  readonly alternativeName?: string;
  /** SHA-256, hexadecimal; colons and case do not matter. */
  readonly fingerprint?: string;
}

/** Whom a rule is about: whoever meets everything that is named. Nothing named: everybody. */
export interface AclWho {
  /** The identity that authentication found; the user name unless it said otherwise. */
  readonly user?: string;
  /** Only those without an identity. */
  readonly anonymous?: true;
  readonly clientId?: string;
  /** One of the groups that authentication named. */
  readonly group?: string;
  /** An IP address, or a range as `10.0.0.0/8` or `2001:db8::/32`. */
  readonly address?: string;
  readonly certificate?: AclCertificate;
}

/**
 * One rule of a list that is read from the top: the first that fits decides.
 *
 * @example
 * ```ts
 * const rule: AclRule = { effect: 'allow', actions: ['publish'], topic: 'devices/%c/#', who: { group: 'devices' } };
 * ```
 */
export interface AclRule {
  readonly effect: 'allow' | 'deny';
  readonly actions: readonly AclAction[];
  /**
   * A topic filter, as clients write it: without a mount point, without `$share/…`. `%u` stands for the identity and
   * `%c` for the client id of whoever is judged; a rule whose placeholder would be filled with something that is
   * empty, begins with `$`, or has `+`, `#` or `/` in it allows nothing, and denies as though it were `+`.
   */
  readonly topic: string;
  readonly who?: AclWho;
  /** Of an `allow`: messages above it are refused, subscriptions above it lowered. */
  readonly maximumQoS?: QoS;
  /** Of an `allow`: `false` refuses messages with RETAIN. Default true. */
  readonly retain?: boolean;
}
