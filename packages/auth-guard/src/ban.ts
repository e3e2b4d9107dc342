import { BlockList, isIP } from 'node:net';

/** Whom to ban: one address or range, client id or user; for a while or for good. */
export type BanRequest = (
  | {
      /** An IP address, or a range such as `192.0.2.0/24`. */
      readonly address: string;
    }
  | { readonly clientId: string }
  | {
      /** A user name, or the identity that the authentication found. */
      readonly user: string;
    }
) & {
  /** For those who look at the list, and told to the client. */
  readonly reason?: string;
  /** Default: until it is lifted. */
  readonly seconds?: number;
};

/** A ban that is in force. */
export interface Ban {
  /** To lift it by: `address:192.0.2.0/24`, `clientId:pump7`, `user:mallory`. */
  readonly id: string;
  readonly kind: 'address' | 'clientId' | 'user';
  readonly value: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Milliseconds since 1970; absent when it does not end by itself. */
  readonly until?: number;
}

/**
 * Makes a ban of a request.
 *
 * @throws {TypeError} when it does not say whom, or what it says cannot be.
 */
export function banOf(request: BanRequest, now: number): Ban {
  const { reason = '', seconds } = request;
  if (typeof reason !== 'string')
    throw new TypeError(`reason is ${JSON.stringify(reason)}; it must be a text`);
  if (seconds !== undefined && !(Number.isFinite(seconds) && seconds > 0)) {
    throw new TypeError(`seconds is ${JSON.stringify(seconds)}; it must be a number above 0`);
  }
  const whom = whomOf(request);
  return {
    id: `${whom.kind}:${whom.value}`,
    ...whom,
    reason,
    since: now,
    ...(seconds !== undefined && { until: now + seconds * 1000 }),
  };
}

function whomOf(request: BanRequest): Pick<Ban, 'kind' | 'value'> {
  if ('address' in request) return { kind: 'address', value: readRange(request.address).text };
  if ('clientId' in request) return { kind: 'clientId', value: nonEmpty('clientId', request.clientId) };
  if ('user' in request) return { kind: 'user', value: nonEmpty('user', request.user) };
  throw new TypeError('a ban needs an address, a clientId or a user');
}

function nonEmpty(key: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${key} is ${JSON.stringify(value)}; it must be a text that is not empty`);
}

/** A range of addresses; an address is a range of one. */
export interface AddressRange {
  /** As it is shown and compared: without a prefix when it is one address. */
  readonly text: string;
  has(address: string): boolean;
}

/** @throws {TypeError} for what is neither an address nor a range. */
export function readRange(text: unknown): AddressRange {
  const wrong = (): TypeError =>
    new TypeError(
      `address is ${JSON.stringify(text)}; it must be an IP address, or a range such as 192.0.2.0/24`,
    );
  if (typeof text !== 'string') throw wrong();
  const [address = '', prefix, ...rest] = text.split('/');
  const plain = plainAddress(address);
  const family = isIP(plain);
  if (family === 0 || rest.length > 0) throw wrong();
  const most = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? most : Number(prefix);
  if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && bits <= most)) throw wrong();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(plain, bits, type);
  return {
    text: bits === most ? plain : `${plain}/${bits}`,
    has: (other) => list.check(plainAddress(other), isIP(plainAddress(other)) === 4 ? 'ipv4' : 'ipv6'),
  };
}

/** IPv4 addresses may come in the clothes of IPv6. */
export function plainAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
}
