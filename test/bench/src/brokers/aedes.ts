// Aedes in a process of its own.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AedesOptions } from 'aedes';
import aedesPersistenceLevel from 'aedes-persistence-level';
import { Level } from 'level';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { type BrokerSetup, readSetup, report, tlsOf } from './setup.ts';

const setup = readSetup();
const aedes = await Aedes.createBroker({
  ...(setup.store !== undefined && { persistence: aedesPersistenceLevel(new Level(setup.store.folder)) }),
  ...(setup.authorize !== undefined && { authorizePublish: authorization(setup.authorize) }),
});
const server = makeServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
report(address.port);

function makeServer(): Server {
  const tls = tlsOf(setup);
  if (tls !== undefined) return createTlsServer({ ...tls, noDelay: true }, aedes.handle);
  if (setup.over === 'tcp') return createServer({ noDelay: true }, aedes.handle);
  const http = createHttpServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  sockets.on('connection', (socket, request) => void aedes.handle(createWebSocketStream(socket), request));
  return http;
}

function authorization(
  answer: NonNullable<BrokerSetup['authorize']>,
): NonNullable<AedesOptions['authorizePublish']> {
  if (answer === 'plain') return (_client, _packet, done) => done(null);
  if (answer === 'next turn') return (_client, _packet, done) => void setImmediate(done, null);
  return (_client, _packet, done) => void Promise.resolve().then(() => done(null));
}
