import { BlockList, isIP } from 'node:net';
import { ListenerError } from './errors.ts';

/** Stands for the address of whoever connects through a Unix socket. */
export const unixPeer = 'unix';

/**
 * A set of networks whose word is taken: addresses, CIDR blocks, and `unix` for whoever connects through a
 * Unix socket.
 */
export class TrustedNetworks {
  readonly #list = new BlockList();
  #unix = false;

  /**
   * @param key - The option's name, for the error.
   * @throws {ListenerError} `LISTENER_OPTION_INVALID`
   */
  constructor(entries: readonly string[], key: string) {
    entries.forEach((entry, index) => {
      this.#add(entry, `${key}[${index}]`);
    });
  }

  /** @param address - Of the peer; {@link unixPeer} for one that came through a Unix socket. */
  has(address: string): boolean {
    if (address === unixPeer) return this.#unix;
    const bare = plainAddress(address);
    const zone = bare.indexOf('%');
    const version = isIP(bare);
    if (version === 0) return false;
    return version === 4
      ? this.#list.check(bare, 'ipv4')
      : this.#list.check(zone < 0 ? bare : bare.slice(0, zone), 'ipv6');
  }

  #add(entry: unknown, key: string): void {
    if (entry === unixPeer) {
      this.#unix = true;
      return;
    }
    const [network = '', prefix, ...rest] = typeof entry === 'string' ? entry.split('/') : [];
    const version = isIP(network);
    const type = version === 4 ? 'ipv4' : 'ipv6';
    const bits = version === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (version === 0 || rest.length > 0 || length < 0 || length > bits) {
      throw new ListenerError(
        'LISTENER_OPTION_INVALID',
        `${key} is ${JSON.stringify(entry)}: give an address, a CIDR block such as '10.0.0.0/8' or 'fd00::/8', or 'unix'`,
      );
    }
    // A prefix of 0 is refused by older BlockLists; two halves say the same.
    if (length > 0) this.#list.addSubnet(network, length, type);
    else for (const half of everywhere[type]) this.#list.addSubnet(half, 1, type);
  }
}

const everywhere = { ipv4: ['0.0.0.0', '128.0.0.0'], ipv6: ['::', '8000::'] } as const;

const mappedPrefix = '::ffff:';

/** An IPv4 peer of a dual-stack socket shows as `::ffff:192.0.2.1`; everybody means `192.0.2.1`. */
export function plainAddress(address: string): string {
  const rest = address.slice(mappedPrefix.length);
  return address.toLowerCase().startsWith(mappedPrefix) && isIP(rest) === 4 ? rest : address;
}
