import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '@carillon/test-certificates';
import { type BrokerOptions, type CarillonBroker, createBroker } from 'carillon';
import { within } from './time-limit.ts';

/** The ways into the broker. */
export type Door = 'tcp' | 'tls' | 'ws' | 'wss' | 'unix';

export const doors: readonly Door[] = ['tcp', 'tls', 'ws', 'wss', 'unix'];

/** As a test's name says it. */
export const doorNames: Readonly<Record<Door, string>> = {
  tcp: 'TCP',
  tls: 'TLS',
  ws: 'WebSocket',
  wss: 'WebSocket over TLS',
  unix: 'a Unix socket',
};

export const host = '127.0.0.1';
/** Of the WebSocket listeners. */
export const webSocketPath = '/mqtt';

/** A broker on real sockets, every door open, and what clients need to come in. */
export interface InteropBroker extends AsyncDisposable {
  readonly broker: CarillonBroker;
  readonly ports: Readonly<Record<Exclude<Door, 'unix'>, number>>;
  /** The Unix socket. */
  readonly socketPath: string;
  /** The authority that vouches for the broker, as PEM. */
  readonly authority: string;
  /** The same in a file. */
  readonly authorityFile: string;
  /** When the connection of this client has ended on the broker's side too. */
  untilGone(clientId: string): Promise<void>;
}

/** Opens a broker on free ports of this machine alone, with a certificate made for it. */
export async function openBroker(options: BrokerOptions = {}): Promise<InteropBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-interop-'));
  const authority = await Authority.create();
  const authorityFile = join(folder, 'authority.pem');
  await writeFile(authorityFile, authority.cert);
  const tls = await authority.server(host);
  const broker = createBroker(options);
  const websocket = { path: webSocketPath };
  const port = async (more: { tls?: typeof tls; websocket?: typeof websocket }): Promise<number> =>
    (await broker.listen({ host, port: 0, ...more })).address.port;
  const ports = {
    tcp: await port({}),
    tls: await port({ tls }),
    ws: await port({ websocket }),
    wss: await port({ tls, websocket }),
  };
  const departures = new Map<string, () => void>();
  broker.use({
    name: 'departures',
    hooks: { disconnected: ({ client }) => departures.get(client.id)?.() },
  });
  const untilGone = async (clientId: string): Promise<void> => {
    if (broker.client(clientId) === undefined) return;
    const departure = new Promise<void>((resolve) => {
      departures.set(clientId, resolve);
    });
    await within(`${clientId} to be gone`, departure);
  };
  const socketPath = join(folder, 'mqtt.sock');
  await broker.listen({ path: socketPath });
  const close = async (): Promise<void> => {
    await broker.close({ within: 1000 });
    await rm(folder, { recursive: true, force: true });
  };
  return {
    broker,
    ports,
    socketPath,
    authority: authority.cert,
    authorityFile,
    untilGone,
    [Symbol.asyncDispose]: close,
  };
}
