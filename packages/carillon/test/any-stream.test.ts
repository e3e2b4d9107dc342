import { once } from 'node:events';
import { createServer } from 'node:net';
import { duplexPair } from 'node:stream';
import { channelPair, Laboratory, PacketClient, recordingLogger } from '@carillon/testkit';
import { createBroker, memoryStore } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo, echo } from './mqtt-client.ts';

test('any duplex stream can carry MQTT', async () => {
  await using broker = createBroker();
  const [near, far] = duplexPair();
  broker.handle(far);
  const client = PacketClient.overStream(near);
  await client.connectPacket({ clientId: 'over a stream' });
  await client.ping();
  expect(broker.client('over a stream')?.remote).toEqual({ transport: 'stream', encrypted: false });
});

test('what the host knows of the other end is what hooks and the host see', async () => {
  await using broker = createBroker();
  const [near, far] = duplexPair();
  broker.handle(far, { address: '192.0.2.7', port: 22, encrypted: true });
  const client = PacketClient.overStream(near);
  await client.connectPacket({ clientId: 'tunnelled' });
  expect(broker.client('tunnelled')?.remote).toEqual({
    transport: 'stream',
    encrypted: true,
    address: '192.0.2.7',
    port: 22,
  });
});

test('a socket that the host accepted itself tells its own address', async () => {
  await using broker = createBroker();
  const server = createServer((socket) => broker.handle(socket)).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const client = await connectTo(`mqtt://127.0.0.1:${port}`, { clientId: 'accepted' });
  expect(await echo(client, 'hello')).toBe('hello');
  expect(broker.client('accepted')?.remote).toMatchObject({ address: '127.0.0.1', family: 'IPv4' });
});

test('a stream that breaks ends its client and nobody else', async () => {
  await using broker = createBroker();
  const [near, far] = duplexPair();
  const [otherNear, otherFar] = duplexPair();
  broker.handle(far);
  broker.handle(otherFar);
  await PacketClient.overStream(near).connectPacket({ clientId: 'unlucky' });
  const other = PacketClient.overStream(otherNear);
  await other.connectPacket({ clientId: 'other' });
  const lost = new Promise<string>((resolve) => {
    broker.use({ name: 'watch', hooks: { disconnected: ({ client }) => resolve(client.id) } });
  });
  far.destroy(new Error('the cable was cut'));
  expect(await lost).toBe('unlucky');
  await other.ping();
  expect(Array.from(broker.clients(), ({ id }) => id)).toEqual(['other']);
});

test('a broker that cannot start says so in the log, and serves nobody', async () => {
  const store = Object.assign(memoryStore(), { open: () => Promise.reject(new Error('the disk is gone')) });
  const logger = recordingLogger();
  await using broker = createBroker({ persistence: store, logger });
  const [, far] = duplexPair();
  const gone = once(far, 'close');
  broker.handle(far);
  await gone;
  expect(logger.messages('error')).toEqual(['the broker cannot start']);
});

test('with the platform of a laboratory the whole broker runs under a clock turned by hand', async () => {
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform });
  const client = await laboratory.connect(broker, { keepAlive: 10 });
  await laboratory.advance(15_001);
  await client.expectDisconnect(0x8d);
});

test('a channel of bytes is taken as it is', async () => {
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform });
  const [near, far] = channelPair(laboratory);
  broker.handle(far, { address: '192.0.2.7' });
  const closed = new Promise<void>((resolve) => {
    near.open({ received() {}, drained() {}, closed: () => resolve() });
  });
  near.write([Buffer.from('this is no MQTT')]);
  await laboratory.settle();
  await closed;
  expect(broker.counters()).toMatchObject({ connectionsAccepted: 1, clientsConnected: 0 });
});
