import { type AddressInfo, isIPv6 } from 'node:net';

/** What a listener is called in logs and in `remote.listener`. */
export interface NameParts {
  readonly tls: boolean;
  /** The WebSocket path, or `undefined` without WebSocket; empty for any path. */
  readonly webPath: string | undefined;
  readonly address: AddressInfo | string | null;
}

/**
 * A URL: `tcp://127.0.0.1:1883`, `tls://[::]:8883`, `ws://127.0.0.1:8080/mqtt`, `wss://…`, `unix:///run/mqtt.sock`,
 * `ws+unix:///run/mqtt.sock:/mqtt`.
 */
export function listenerName({ tls, webPath, address }: NameParts): string {
  const web = webPath !== undefined;
  if (typeof address === 'string') {
    const path = webPath ? `:${webPath}` : '';
    return `${web ? (tls ? 'wss+unix' : 'ws+unix') : 'unix'}://${address}${path}`;
  }
  const scheme = web ? (tls ? 'wss' : 'ws') : tls ? 'tls' : 'tcp';
  return `${scheme}://${address === null ? '' : hostAndPort(address)}${webPath ?? ''}`;
}

function hostAndPort({ address, port }: AddressInfo): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
