import { expect, test } from 'vitest';
import { world } from '../broker.ts';

test('[MQTT-3.12.4-1] PINGREQ is answered by PINGRESP', async () => {
  const { connect } = world();
  const client = await connect();
  client.send({ type: 'pingreq' });
  await client.expect('pingresp');
  await client.expectNothing();
});

test('[MQTT-3.1.2-22] [MQTT-3.2.2-22] a client that is silent for 1.5 times its Keep Alive gets DISCONNECT 0x8D and is closed, not before', async () => {
  const { connect, laboratory } = world();
  const client = await connect({ keepAlive: 10 });
  expect(client.connack.properties.serverKeepAlive).toBeUndefined();
  await laboratory.advance(14_999);
  await client.expectNothing();
  await laboratory.advance(2);
  await client.expectDisconnect(0x8d);
});

test('[MQTT-3.1.2-22] the longest Keep Alive, 18 hours, is kept as exactly', async () => {
  const { connect, laboratory } = world();
  const client = await connect({ keepAlive: 65_535 });
  await laboratory.advance(65_535 * 1500 - 1);
  await client.expectNothing();
  await laboratory.advance(2);
  await client.expectDisconnect(0x8d);
});

test('[MQTT-3.1.2-22] Keep Alive 0 turns it off', async () => {
  const { connect, laboratory } = world();
  const client = await connect({ keepAlive: 0 });
  await laboratory.advance(30 * 24 * 3_600_000);
  await client.ping();
});

test('[MQTT-3.1.2-22] every complete packet of the client begins the time anew', async () => {
  const { connect, laboratory } = world();
  const client = await connect({ keepAlive: 10 });
  const packets = [
    { type: 'pingreq' },
    { type: 'publish', topic: 'a', qos: 0 },
    { type: 'publish', topic: 'a', qos: 2, packetId: 1 },
    { type: 'pubrel', packetId: 1 },
    { type: 'puback', packetId: 9 },
    { type: 'subscribe', packetId: 2, subscriptions: ['b'] },
    { type: 'unsubscribe', packetId: 3, filters: ['b'] },
  ] as const;
  for (const packet of packets) {
    await laboratory.advance(14_000);
    client.send(packet);
    await laboratory.settle();
  }
  expect(client.closed).toBe(false);
  await client.receiveAll();
  await laboratory.advance(15_001);
  await client.expectDisconnect(0x8d);
});

test('[MQTT-3.1.2-22] half a packet does not count', async () => {
  const { connect, laboratory } = world();
  const client = await connect({ keepAlive: 10 });
  for (const byte of ['30', '06', '00']) {
    await laboratory.advance(4_000);
    client.sendBytes(byte);
  }
  await laboratory.advance(3_001);
  await client.expectDisconnect(0x8d);
});

test('[MQTT-3.1.2-22] what the server sends does not count', async () => {
  const { connect, laboratory } = world();
  const client = await connect({ keepAlive: 10 });
  const publisher = await connect('publisher');
  await client.subscribe('a');
  for (const text of ['one', 'two', 'three']) {
    await laboratory.advance(4_500);
    await publisher.publish('a', text);
    await client.expect('publish');
  }
  await laboratory.advance(1_501);
  await client.expectDisconnect(0x8d);
});

test('[MQTT-3.1.2-21] [MQTT-3.2.2-21] the Server Keep Alive in CONNACK is what the server goes by', async () => {
  for (const keepAlive of [0, 3600]) {
    const { connect, laboratory } = world({ limits: { maximumKeepAlive: 20 } });
    const client = await connect({ keepAlive });
    expect(client.connack.properties.serverKeepAlive).toBe(20);
    await laboratory.advance(29_999);
    await client.expectNothing();
    await laboratory.advance(2);
    await client.expectDisconnect(0x8d);
  }
});

test('[MQTT-3.1.2-21] a Server Keep Alive may be longer than the client asked for, and is in force then', async () => {
  const { connect, laboratory, broker } = world();
  broker.use({
    name: 'patient',
    hooks: { authenticate: () => ({ allow: true, limits: { serverKeepAlive: 100 } }) },
  });
  const client = await connect({ keepAlive: 10 });
  expect(client.connack.properties.serverKeepAlive).toBe(100);
  await laboratory.advance(149_999);
  await client.expectNothing();
  await laboratory.advance(2);
  await client.expectDisconnect(0x8d);
});

test('[MQTT-3.1.2-22] a client that vanished without a trace is noticed, and its Will goes out', async () => {
  const { connect, laboratory } = world();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const client = await connect({ keepAlive: 10, will: { topic: 'gone', payload: 'bye' } });
  client.vanish();
  await laboratory.advance(15_001);
  expect((await watcher.receiveMessage()).text).toBe('bye');
});
