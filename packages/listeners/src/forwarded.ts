import { isIP } from 'node:net';
import { plainAddress, type TrustedNetworks } from './networks.ts';

/** Which header the proxies in front write. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded';

/** Whose word about the client is taken. */
export interface ForwardingPolicy {
  readonly trusted: TrustedNetworks;
  readonly header: ForwardedHeader;
}

/** What trusted proxies tell about the client. */
export interface ForwardedClient {
  readonly address: string;
  readonly port?: number;
  /** `undefined` when they do not say. */
  readonly encrypted?: boolean;
}

interface Hop {
  /** `undefined` when the proxy hides or does not know it. */
  readonly address: string | undefined;
  readonly port?: number;
  readonly encrypted?: boolean;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The client as the proxies tell it, or `undefined` when `peer` is no trusted proxy or tells nothing.
 *
 * Every proxy appends the address it was called from, so the list is read from the right: each entry is
 * believed only while the one who wrote it is trusted. The client is the first entry that is not a trusted
 * proxy itself; what stands left of it anybody may have written.
 *
 * Only the one header named in the policy is read: a proxy that writes one of the two passes the other on as the
 * client sent it.
 */
export function forwardedClient(
  peer: string,
  headers: Headers,
  policy: ForwardingPolicy,
): ForwardedClient | undefined {
  if (!policy.trusted.has(peer)) return undefined;
  const hops = policy.header === 'forwarded' ? forwardedHops(headers) : xForwardedHops(headers);
  let client: ForwardedClient | undefined;
  for (const hop of hops.reverse()) {
    if (hop.address === undefined) break;
    client = { ...hop, address: hop.address };
    if (!policy.trusted.has(hop.address)) break;
  }
  return client;
}

function xForwardedHops(headers: Headers): Hop[] {
  // Written by the nearest proxy, which is trusted; it has no entry per hop.
  const proto = listOf(headers, 'x-forwarded-proto').at(-1);
  return listOf(headers, 'x-forwarded-for').map((entry) => ({ ...parseNode(entry), ...parseProto(proto) }));
}

/** RFC 7239: `for=192.0.2.43;proto=https, for="[2001:db8::1]:4711"`. */
function forwardedHops(headers: Headers): Hop[] {
  return listOf(headers, 'forwarded').map((element) => {
    const pairs = new Map(splitUnquoted(element, ';').map(parsePair));
    return { ...parseNode(pairs.get('for') ?? ''), ...parseProto(pairs.get('proto')) };
  });
}

function listOf(headers: Headers, name: string): string[] {
  const value = headers[name];
  const text = typeof value === 'string' ? value : (value ?? []).join(',');
  const entries = name === 'forwarded' ? splitUnquoted(text, ',') : text.split(',');
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== '');
}

/**
 * Splits at separators outside of quotes, read from the right: a quote that a client opened and never closed
 * must not swallow what the proxies appended.
 */
function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let end = text.length;
  for (let i = text.length - 1; i >= 0; i--) {
    if (text[i] === '"') quoted = !quoted;
    else if (!quoted && text[i] === separator) {
      parts.unshift(text.slice(i + 1, end));
      end = i;
    }
  }
  parts.unshift(text.slice(0, end));
  return parts;
}

function parsePair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 0) return ['', ''];
  const value = pair.slice(equals + 1).trim();
  const bare = value.startsWith('"') ? value.slice(1, -1) : value;
  return [pair.slice(0, equals).trim().toLowerCase(), bare];
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; anything else is unknown. */
function parseNode(text: string): Hop {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text);
  const address = plainAddress(match?.[1] ?? match?.[2] ?? text);
  if (isIP(address) === 0) return { address: undefined };
  const port = match?.[3];
  return { address, ...(port !== undefined && Number(port) <= 65535 && { port: Number(port) }) };
}

function parseProto(proto: string | undefined): { encrypted?: boolean } {
  if (proto === undefined) return {};
  return { encrypted: /^(https|wss)$/i.test(proto) };
}
