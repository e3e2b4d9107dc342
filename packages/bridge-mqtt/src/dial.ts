import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { ByteChannel } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { createWebSocketStream, WebSocket } from 'ws';
import type { Address } from './address.ts';
import { BridgeError } from './bridge-error.ts';
import type { BridgeTlsOptions } from './link-options.ts';
import { StreamChannel } from './stream-channel.ts';

/** Opens a connection to a remote broker; `signal` gives it up. Rejects with a {@link BridgeError}. */
export type Dial = (address: Address, tls: BridgeTlsOptions, signal: AbortSignal) => Promise<ByteChannel>;

/** Over the network. */
export const dialNetwork: Dial = async (address, tls, signal) => {
  try {
    if (address.transport === 'ws' || address.transport === 'wss')
      return await dialWebSocket(address, tls, signal);
    return await dialSocket(address, tls, signal);
  } catch (error) {
    throw explain(error, address);
  }
};

function dialSocket(address: Address, tls: BridgeTlsOptions, signal: AbortSignal): Promise<ByteChannel> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const isTls = address.transport === 'tls';
    const socket: Socket = isTls
      ? connectTls({ host, port, ...tlsOptions(address, tls) })
      : connectTcp({ host, port });
    const giveUp = (): void => {
      socket.destroy();
      reject(new Error('given up'));
    };
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('error', reject);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', giveUp);
      socket.off('error', reject);
      resolve(new StreamChannel(socket));
    });
  });
}

function dialWebSocket(address: Address, tls: BridgeTlsOptions, signal: AbortSignal): Promise<ByteChannel> {
  const { transport, host, port, path } = address;
  const authority = isIP(host) === 6 ? `[${host}]` : host;
  const secure = transport === 'wss' ? tlsOptions(address, tls) : {};
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${transport}://${authority}:${port}${path}`, ['mqtt'], {
      perMessageDeflate: false,
      ...secure,
    });
    const giveUp = (): void => {
      socket.terminate();
      reject(new Error('given up'));
    };
    socket.once('error', reject);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('open', () => {
      signal.removeEventListener('abort', giveUp);
      socket.off('error', reject);
      resolve(new StreamChannel(createWebSocketStream(socket)));
    });
  });
}

function tlsOptions({ host }: Address, tls: BridgeTlsOptions): ConnectionOptions {
  const { ca, cert, key, passphrase, serverName, rejectUnauthorized = true, alpnProtocols } = tls;
  return {
    rejectUnauthorized,
    ...(isIP(host) === 0 || serverName !== undefined ? { servername: serverName ?? host } : {}),
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' || ca instanceof Uint8Array ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
  };
}

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
};

function explain(error: unknown, { text, transport }: Address): BridgeError {
  if (error instanceof BridgeError) return error;
  const message = messageOf(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = unreachable[code];
  if (known !== undefined) return new BridgeError('BRIDGE_UNREACHABLE', `${text}: ${known} (${code})`, error);
  const isTls = transport === 'tls' || transport === 'wss';
  if (isTls && /CERT|TLS|SSL|SIGNED|VERIFY|EPROTO|ECONNRESET|ISSUER/.test(code)) {
    return new BridgeError('BRIDGE_TLS_FAILED', `${text}: TLS failed: ${message} (${code})`, error);
  }
  const status = /Unexpected server response: (\d+)/.exec(message)?.[1];
  if (status !== undefined) {
    const why = status === '401' || status === '403' ? 'BRIDGE_CREDENTIALS_REFUSED' : 'BRIDGE_REFUSED';
    return new BridgeError(why, `${text}: no WebSocket is to be had there: HTTP ${status}`, error);
  }
  return new BridgeError('BRIDGE_UNREACHABLE', `${text}: ${message}`, error);
}
