import type { Remote } from '@carillon/hooks';
import type { Refusal, RefusalCode } from '@carillon/listeners';
import { ReasonCode } from '@carillon/protocol';

/**
 * The reason code that comes nearest. No peer is sent it, since none got so far as to speak MQTT: it is for
 * whoever sorts refusals by it.
 */
export function reasonCodeOf(code: RefusalCode): number {
  switch (code) {
    case 'HANDSHAKE_LIMIT':
      return ReasonCode.QuotaExceeded;
    case 'LISTENER_CLOSED':
      return ReasonCode.ServerShuttingDown;
    case 'PROXY_HEADER_UNTRUSTED':
    case 'TLS_CERTIFICATE_REFUSED':
    case 'WEBSOCKET_ORIGIN_REFUSED':
      return ReasonCode.NotAuthorized;
    default:
      return ReasonCode.UnspecifiedError;
  }
}

/** True for what says nothing of the peer: it went away by itself, or we did. */
export function isOrdinary(code: RefusalCode): boolean {
  return code === 'HANDSHAKE_ABANDONED' || code === 'LISTENER_CLOSED';
}

/** As much of a `Remote` as was known when the connection was turned away. */
export function remoteOfRefusal({ listener, address, port }: Refusal): Remote {
  const transport = transportOf(listener);
  return {
    transport,
    listener,
    encrypted: transport === 'tls' || transport === 'wss',
    ...(address !== undefined && { address, family: address.includes(':') ? 'IPv6' : 'IPv4' }),
    ...(port !== undefined && { port }),
  };
}

/** The name of a listener is a URL: `tcp://…`, `ws+unix://…`. */
function transportOf(listener: string): Remote['transport'] {
  const [scheme = ''] = listener.split(/\+|:/, 1);
  return transports.find((transport) => transport === scheme) ?? 'stream';
}

const transports: readonly Remote['transport'][] = ['tcp', 'tls', 'ws', 'wss', 'unix'];
