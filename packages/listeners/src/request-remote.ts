import type { IncomingMessage } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Remote } from './channel.ts';
import { type ForwardedHeader, forwardedClient } from './forwarded.ts';
import { TrustedNetworks, unixPeer } from './networks.ts';
import { checkKeys, listOfStrings, oneOf } from './option-checks.ts';
import { remoteOf } from './remote.ts';
import { arrivalOf } from './request-arrivals.ts';

/** Whose word about who sent a request is taken. */
export interface RequestRemoteOptions {
  /** Networks of the proxies whose header about the client is believed (`'unix'` for a Unix socket). Default none. */
  readonly trustedProxies?: readonly string[];
  /** The one header the trusted proxies write. Default `x-forwarded-for` (with `x-forwarded-proto`). */
  readonly forwardedHeader?: ForwardedHeader;
}

/**
 * For plugins that answer HTTP requests: tells of who sent one what a listener tells of who connects, the client's
 * certificate included.
 *
 * @throws {ListenerError} `LISTENER_OPTION_INVALID`
 *
 * @example
 * const remoteOf = requestRemotes({ trustedProxies: ['10.0.0.0/8'] });
 * http.createServer((request, response) => response.end(remoteOf(request).address));
 */
export function requestRemotes(options: RequestRemoteOptions): (request: IncomingMessage) => Remote {
  checkKeys(options, '', ['trustedProxies', 'forwardedHeader']);
  const proxies = listOfStrings('trustedProxies', options.trustedProxies);
  const policy = {
    trusted: new TrustedNetworks(proxies, 'trustedProxies'),
    header: oneOf<ForwardedHeader>('forwardedHeader', options.forwardedHeader, 'x-forwarded-for', [
      'x-forwarded-for',
      'forwarded',
    ]),
  };
  return (request) => {
    const { socket: stream, url = '/', headers } = request;
    // Beneath a TLS stream that a listener made lies the socket that it accepted.
    const { socket, peer, proxied } = arrivalOf(request) ?? unknownArrival(stream);
    const nearest = proxied?.source?.address ?? peer;
    const transport = stream instanceof TLSSocket ? 'https' : 'http';
    return remoteOf({
      transport,
      listener: `${transport}://${placeOf(socket)}`,
      socket,
      stream,
      proxied,
      request: { url, headers },
      forwarded: nearest === undefined ? undefined : forwardedClient(nearest, headers, policy),
    });
  };
}

function unknownArrival(socket: Socket): { socket: Socket; peer: string | undefined; proxied: undefined } {
  return { socket, peer: peerOf(socket), proxied: undefined };
}

/** A TCP peer that has gone has no address either, but it must not pass for one of a Unix socket. */
function peerOf({ remoteAddress, localAddress, destroyed }: Socket): string | undefined {
  if (remoteAddress !== undefined) return remoteAddress;
  return destroyed || localAddress !== undefined ? undefined : unixPeer;
}

function placeOf({ localAddress, localPort }: Socket): string {
  if (localAddress === undefined || localPort === undefined) return '';
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`;
}
