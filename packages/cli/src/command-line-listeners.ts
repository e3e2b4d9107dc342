import { usageError } from './command-error.ts';
import type { ListenerConfiguration, TlsConfiguration } from './configuration.ts';
import type { Flags } from './flags.ts';

/**
 * The listeners that the command line asks for; none when it asks for none.
 *
 * @throws {CommandError} when a flag lacks the other it belongs to.
 */
export function listenersOfFlags(flags: Flags): readonly ListenerConfiguration[] {
  const { port, tlsPort, wsPort, wssPort, unix, host = '127.0.0.1' } = flags;
  refuseStrayFlags(flags);
  const tls = tlsOfFlags(flags);
  const websocket = flags.wsPath === undefined ? true : { path: flags.wsPath };
  return [
    ...(port === undefined ? [] : [{ port, host }]),
    ...(tlsPort === undefined || tls === undefined ? [] : [{ port: tlsPort, host, tls }]),
    ...(wsPort === undefined ? [] : [{ port: wsPort, host, websocket }]),
    ...(wssPort === undefined || tls === undefined ? [] : [{ port: wssPort, host, websocket, tls }]),
    ...(unix === undefined ? [] : [{ path: unix }]),
  ];
}

function refuseStrayFlags({ tlsPort, tlsCert, tlsKey, tlsCa, wsPort, wssPort, wsPath }: Flags): void {
  const wantsTls = tlsPort !== undefined || wssPort !== undefined;
  const certificate = tlsCert ?? tlsKey ?? tlsCa;
  if (certificate !== undefined && !wantsTls) {
    throw usageError('--tls-cert, --tls-key and --tls-ca need --tls-port or --wss-port');
  }
  if (wantsTls && (tlsCert === undefined || tlsKey === undefined)) {
    const flag = tlsPort === undefined ? '--wss-port' : '--tls-port';
    throw usageError(`${flag} needs --tls-cert FILE and --tls-key FILE, both in PEM`);
  }
  if (wsPath !== undefined && wsPort === undefined && wssPort === undefined) {
    throw usageError('--ws-path needs --ws-port or --wss-port');
  }
}

function tlsOfFlags({ tlsCert, tlsKey, tlsCa }: Flags): TlsConfiguration | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return {
    certFile: tlsCert,
    keyFile: tlsKey,
    ...(tlsCa !== undefined && { caFile: tlsCa, requestCert: true }),
  };
}

/** What the keys of these listeners are called on the command line. */
export function flagOf(key: string): string {
  return key
    .replace(/^tls\.certFile/, '--tls-cert')
    .replace(/^tls\.keyFile/, '--tls-key')
    .replace(/^tls\.caFile/, '--tls-ca')
    .replace(/^websocket\.path/, '--ws-path')
    .replace(/^path/, '--unix')
    .replace(/^host/, '--host');
}
