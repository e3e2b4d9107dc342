import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { WebhookError } from './webhook-error.ts';

/** Says which IP addresses may be connected to. */
export type AddressGuard = (address: string) => boolean;

/** What is not on the public Internet: the special-purpose registries of IANA (RFC 6890 and its successors). */
const special = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special.addSubnet(net, prefix, 'ipv4');
}

/** Global unicast is this much of IPv6; within it, what stands for other addresses or for none. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(net, prefix, 'ipv6');
}

/** Whether an address is one of the public Internet. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  if (isIP(plain) === 4) return !special.check(plain, 'ipv4');
  return isIP(plain) === 6 && globalUnicast.check(plain, 'ipv6') && !special.check(plain, 'ipv6');
}

/**
 * Looks a host up and keeps the addresses that may be connected to. The connection is made to what was looked up here,
 * so that no second answer of the name server can slip in.
 */
export function guardedLookup(guard: AddressGuard): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = found.filter(({ address }) => guard(address));
      const [first] = allowed;
      if (first === undefined) callback(refusal(host), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/**
 * A host that is an address is not looked up.
 *
 * @throws {WebhookError} `WEBHOOK_ADDRESS_REFUSED`
 */
export function guardLiteral(host: string, guard: AddressGuard): void {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !guard(address)) throw refusal(host);
}

function refusal(host: string): WebhookError {
  return new WebhookError('WEBHOOK_ADDRESS_REFUSED', `"allow" lets no address of ${host} through`);
}
