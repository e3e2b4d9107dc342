import { isIPv6, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Remote, UpgradeRequest } from './channel.ts';
import { clientCertificate } from './client-certificate.ts';
import type { ForwardedClient } from './forwarded.ts';
import { plainAddress } from './networks.ts';
import type { ProxyHeader } from './proxy-protocol.ts';

/** Where the facts about a peer come from, the nearest first. */
export interface RemoteSources {
  readonly transport: Remote['transport'];
  readonly listener: string;
  /** The accepted socket. */
  readonly socket: Socket;
  /** What carries the bytes: the socket or the TLS stream over it. */
  readonly stream: Socket;
  /** Told by the PROXY protocol. */
  readonly proxied?: ProxyHeader | undefined;
  readonly request?: UpgradeRequest;
  /** Told by the headers of the request. */
  readonly forwarded?: ForwardedClient | undefined;
}

/** Joins what the socket, TLS and trusted proxies tell; the word from nearest to the client counts. */
export function remoteOf(sources: RemoteSources): Remote {
  const { socket, stream, proxied, forwarded, request } = sources;
  const told = forwarded ?? proxied?.source;
  const secured = stream instanceof TLSSocket ? stream : undefined;
  if (told === undefined && proxied === undefined && secured === undefined && request === undefined) {
    return plainRemote(sources);
  }
  const certificate = secured && clientCertificate(secured);
  const serverName = nameAsked(secured) ?? proxied?.serverName;
  return {
    transport: sources.transport,
    listener: sources.listener,
    encrypted: secured !== undefined || (forwarded?.encrypted ?? proxied?.encrypted ?? false),
    ...addressOf(told ?? { address: socket.remoteAddress, port: socket.remotePort }),
    ...(told !== undefined &&
      socket.remoteAddress !== undefined && { proxyAddress: plainAddress(socket.remoteAddress) }),
    ...(serverName !== undefined && { serverName }),
    ...(certificate !== undefined && { certificate }),
    ...(request !== undefined && { request }),
  };
}

/**
 * Of a socket with nothing over it. An object put together by spreading takes 300 bytes more, for as long as the
 * connection lasts.
 */
function plainRemote({ transport, listener, socket }: RemoteSources): Remote {
  const { remoteAddress, remotePort: port } = socket;
  if (remoteAddress === undefined) return { transport, listener, encrypted: false };
  const address = plainAddress(remoteAddress);
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  return port === undefined
    ? { transport, listener, encrypted: false, address, family }
    : { transport, listener, encrypted: false, address, family, port };
}

function addressOf(end: { address?: string | undefined; port?: number | undefined }) {
  if (end.address === undefined) return {};
  const address = plainAddress(end.address);
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  return { address, family, ...(end.port !== undefined && { port: end.port }) } as const;
}

/** Node says `false` when the client did not ask for a name. */
function nameAsked(stream: TLSSocket | undefined): string | undefined {
  return stream?.servername || undefined;
}
