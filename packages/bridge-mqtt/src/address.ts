import { BridgeError } from './bridge-error.ts';

/** Where a remote broker is. */
export interface Address {
  readonly transport: 'tcp' | 'tls' | 'ws' | 'wss';
  readonly host: string;
  readonly port: number;
  /** Of a WebSocket, with its query. */
  readonly path: string;
  /** As it is shown; never with a password. */
  readonly text: string;
}

const schemes: Readonly<Record<string, { transport: Address['transport']; port: number }>> = {
  'mqtt:': { transport: 'tcp', port: 1883 },
  'tcp:': { transport: 'tcp', port: 1883 },
  'mqtts:': { transport: 'tls', port: 8883 },
  'tls:': { transport: 'tls', port: 8883 },
  'ssl:': { transport: 'tls', port: 8883 },
  'ws:': { transport: 'ws', port: 80 },
  'wss:': { transport: 'wss', port: 443 },
};

/**
 * Reads `mqtt://host:1883`, `mqtts://host`, `ws://host/mqtt`, `wss://host/mqtt`, or `host:1883` as Mosquitto has it.
 *
 * @throws {BridgeError} `BRIDGE_OPTION_INVALID`
 */
export function readAddress(text: string): Address {
  const parts = parse(text.includes('://') ? text : `mqtt://${text}`);
  const scheme = parts === undefined ? undefined : schemes[parts.protocol];
  if (parts === undefined || scheme === undefined) {
    // The text itself may hold a password.
    throw invalid(
      'an address is not one: write mqtt://host:port, mqtts://…, ws://…/path, wss://…/path or host:port',
    );
  }
  const { url } = parts;
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      `addresses: ${url.host} has a user name in it; give it as credentials, which are not logged`,
    );
  }
  const { transport } = scheme;
  const port = parts.port === '' ? scheme.port : Number(parts.port);
  if (port === 0) throw invalid(`addresses: port 0 of ${url.host} is none to connect to`);
  const isWebSocket = transport === 'ws' || transport === 'wss';
  if (!isWebSocket && url.pathname.length > 1) {
    throw invalid(`addresses: ${url.host} has a path, which only WebSockets have`);
  }
  const path = isWebSocket ? `${url.pathname}${url.search}` : '';
  const shown = isWebSocket ? url.pathname : '';
  const name = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' }[transport];
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { transport, host, port, path, text: `${name}://${url.hostname}:${port}${shown}` };
}

interface Parts {
  readonly protocol: string;
  readonly url: URL;
  readonly port: string;
}

/** `URL` reads the host of schemes it knows only, and hides their default port. */
function parse(text: string): Parts | undefined {
  const [, protocol = '', rest = ''] = /^([a-z]+:)\/\/(.*)$/i.exec(text) ?? [];
  if (!URL.canParse(`ws://${rest}`)) return undefined;
  const url = new URL(`ws://${rest}`);
  const port = url.port === '' && /:80(?=[/?]|$)/.test(rest) ? '80' : url.port;
  return { protocol: protocol.toLowerCase(), url, port };
}

function invalid(message: string): BridgeError {
  return new BridgeError('BRIDGE_OPTION_INVALID', message);
}
