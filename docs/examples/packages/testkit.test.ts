import { once } from 'node:events';
import { connect } from 'node:tls';
import type { ByteChannel } from '@carillon/hooks';
import { FaultPlan, faultyChannel, Laboratory, malformedPackets, PacketClient } from '@carillon/testkit';
import { createBroker, memoryStore } from 'carillon';
import { expect, test } from 'vitest';
import { borrowPorts } from '../borrowed-ports.ts';
import { createAuthority } from '../certificates.ts';

test('a client of the testkit says and sees single packets', async () => {
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform });
  const client = PacketClient.connect(broker, { laboratory, protocolVersion: 4, channel: { cut: 1 } });
  const connack = await client.connectPacket({ clientId: 'x', will: { topic: 'gone', payload: 'x' } });

  client.send({ type: 'publish', topic: 'a', qos: 2, packetId: 9 }); // one packet; the rest is 0, false, empty
  client.sendBytes('c0 00'); //                                          any bytes, right or wrong
  await client.expect('pubrec', { packetId: 9 }); //                     the next packet, of this type with these fields
  await client.take('pingresp'); //                                      the first of this type; others stay
  await client.receiveAll(); //                                          whatever came
  await client.expectNothing(); //                                       silence, on a connection that is open
  client.sendBytes('c1 00');
  await client.expectDisconnect(0x82); //                                DISCONNECT in MQTT 5.0, then the end
  expect(connack.reasonCode).toBe(0);
});

test('a client of the testkit speaks over sockets and streams', async () => {
  borrowPorts();
  const authority = await createAuthority();
  const identity = await authority.sign('localhost');
  await using broker = createBroker();
  await broker.listen({ port: 1883, host: '127.0.0.1' });
  const { address } = await broker.listen({ port: 0, tls: identity });
  const tlsSocket = connect({ port: address.port, ca: authority.cert, servername: 'localhost' });
  await once(tlsSocket, 'secureConnect');

  const client = await PacketClient.overSocket({ host: '127.0.0.1', port: 1883 }, { timeout: 2_000 });
  const secure = PacketClient.overStream(tlsSocket);
  expect(await client.connectPacket()).toMatchObject({ reasonCode: 0 });
  expect(await secure.connectPacket()).toMatchObject({ reasonCode: 0 });
});

test('a link can be cut, slow, narrow and broken', async () => {
  const laboratory = new Laboratory({ arrivals: 'mixed', seed: 12 });
  const broker = createBroker({ ...laboratory.platform });
  // The link: bytes in random cuts, 40 ms on the way, 1 kB before back-pressure, broken after 200 bytes to the client.
  const channel = { cut: 'random', latency: 40, capacity: 1024, toClient: { breakAfterBytes: 200 } } as const;
  const client = PacketClient.connect(broker, { laboratory, channel });
  client.send({ type: 'connect', clientId: 'far-away', cleanStart: true });
  await laboratory.advance(80); // there and back
  await client.expect('connack', { reasonCode: 0 });

  client.send({ type: 'subscribe', packetId: 1, subscriptions: [{ filter: '#' }] });
  await laboratory.advance(80);
  await Promise.all([broker.publish('a', new Uint8Array(300)), laboratory.advance(80)]);
  expect(client.closed).toBe(true);
});

test('bits can flip, calls can fail, and hostile bytes are made by seed', async () => {
  const laboratory = new Laboratory();
  // Calls that fail: a store whose third commit rejects; a hook that one time in ten throws, rejects, hangs or is late.
  const store = new FaultPlan(laboratory, { at: { 3: 'reject' } }).afflict(memoryStore(), ['commit']);
  const authenticate = new FaultPlan(laboratory, { rate: 0.1 }).wrap('authenticate', () => true);
  const broker = createBroker({ ...laboratory.platform, persistence: store });

  // Bits that flip on the way to the broker.
  const random = laboratory.random.fork('noise');
  const noisy = (end: ByteChannel) => faultyChannel(end, { random, flipReceived: 0.01 });
  const client = PacketClient.connect(broker, { laboratory, wrap: noisy });
  for (let ping = 0; ping < 500; ping++) client.send({ type: 'pingreq' });
  await client.expectClosed();

  const retain = () => Promise.allSettled([broker.publish('a', 'x', { retain: true }), laboratory.settle()]);
  const outcomes = [await retain(), await retain(), await retain()].map(([{ status }]) => status);
  expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(authenticate).toBeTypeOf('function');

  // Hostile bytes without end, made from valid packets.
  let kinds = 0;
  for (const { bytes, what } of malformedPackets('night 12')) {
    if (++kinds > 50) break;
    const hostile = PacketClient.connect(broker, { laboratory, name: what });
    hostile.sendBytes(bytes);
  }
  const healthy = await laboratory.connect(broker, { clientId: 'healthy' });
  await healthy.ping();
});
