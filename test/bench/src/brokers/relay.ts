// The ceiling: as little as a program on Node can do and still pass messages on. It looks at PUBLISH frames only as
// far as it must to find the topic, finds the receivers of exactly that topic, and joins what goes to one socket into
// one write per turn. It checks nothing, keeps nothing, and knows neither wildcards nor sessions.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { RelayConnection, Topics } from './relay-connection.ts';
import { readSetup, report, tlsOf } from './setup.ts';

const topics = new Topics();

function serve(socket: Socket): void {
  const connection = new RelayConnection(socket, topics);
  socket.setNoDelay(true);
  socket.on('data', (chunk) => connection.read(chunk));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => connection.forget());
}

const tls = tlsOf(readSetup());
const server: Server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
server.listen(0, '127.0.0.1', 4096);
await once(server, 'listening');
const address = server.address();
if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
report(address.port);
