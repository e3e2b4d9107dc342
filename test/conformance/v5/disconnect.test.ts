import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { connectBytes, field, packetOf, RawClient } from '../wire.ts';

const will = { topic: 'gone', payload: 'bye' };

test('[MQTT-3.14.1-1] DISCONNECT with other flags than 0 is no DISCONNECT: 0x81, and the Will goes out', async () => {
  const { connect } = world();
  const watcher = await connect();
  await watcher.subscribe('gone');
  for (const first of ['e1', 'e2', 'e4', 'e8', 'ef']) {
    const client = await connect({ will });
    client.sendBytes(`${first} 00`);
    await client.expectDisconnect(0x81);
    expect((await watcher.receiveMessage()).text).toBe('bye');
  }
});

test('[§3.14.2.1] DISCONNECT may be short: without reason code and properties, or without properties', async () => {
  const { connect } = world();
  const watcher = await connect();
  await watcher.subscribe('gone');
  for (const bytes of ['e0 00', 'e0 01 00', 'e0 02 00 00']) {
    const client = await connect({ will });
    client.sendBytes(bytes);
    await client.expectClosed();
    await watcher.expectNothing();
  }
  const client = await connect({ will });
  client.sendBytes('e0 01 04');
  await client.expectClosed();
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.14.2-1] a reason code that DISCONNECT does not have is a Protocol Error, and the Will goes out', async () => {
  const { connect } = world();
  const watcher = await connect();
  await watcher.subscribe('gone');
  for (const code of ['01', '10', '18', '86', '91', 'ff']) {
    const client = await connect({ will });
    client.sendBytes(`e0 01 ${code}`);
    await client.expectDisconnect(0x82);
    expect((await watcher.receiveMessage()).text).toBe('bye');
  }
});

test('[MQTT-3.14.2-1] the host cannot make the server send a code that DISCONNECT does not have', async () => {
  const { connect, broker } = world();
  const client = await connect('c');
  for (const reasonCode of [0x01, 0x86, 0x91, 0x1ff]) {
    expect(() => broker.client('c')?.disconnect({ reasonCode })).toThrow();
  }
  await client.ping();
});

test('[MQTT-3.14.4-1] [MQTT-3.14.4-2] the server sends nothing after its DISCONNECT, and closes', async () => {
  const place = world();
  const raw = new RawClient(place);
  await raw.say(connectBytes());
  await raw.say(packetOf(0x82, [0, 1, 0], field('a'), [0]));
  const publisher = await place.connect();
  const publish = packetOf(0x30, field('a'), [0], [0x78]);
  const said = await raw.say([...packetOf(0xc1), ...publish, ...packetOf(0xc0)]);
  await publisher.publish('a', 'later');
  expect(said.slice(0, 2)).toBe('e0');
  expect(said.split(' ')).toHaveLength(2 + Number.parseInt(said.slice(3, 5), 16));
  expect(await raw.hear()).toBe('');
  expect(raw.closed).toBe(true);
});

test('[MQTT-3.14.4-1] what a client sends after its DISCONNECT is ignored', async () => {
  const { connect, broker } = world();
  const watcher = await connect();
  await watcher.subscribe('#');
  const client = await connect({ clientId: 'c', properties: { sessionExpiryInterval: 60 } });
  client.send({ type: 'disconnect' });
  client.send({ type: 'publish', topic: 'a', payload: 'late', retain: true });
  client.send({ type: 'subscribe', packetId: 1, subscriptions: ['b'] });
  client.send({ type: 'pingreq' });
  await client.expectClosed();
  await watcher.expectNothing();
  expect(broker.retained('a')).toBeUndefined();
  expect(broker.subscriptions('c')).toEqual([]);
});

test('[MQTT-3.14.4-2] [§3.14.4] the server closes after a DISCONNECT of the client that leaves the connection open', async () => {
  const { connect } = world();
  const client = await connect();
  client.send({ type: 'disconnect' });
  await client.expectClosed();
});

test('[MQTT-4.13.2-1] DISCONNECT of 0x80 or above ends the connection, without an answer', async () => {
  const { connect } = world();
  for (const reasonCode of [0x80, 0x81, 0x95]) {
    const client = await connect();
    client.send({ type: 'disconnect', reasonCode });
    await client.expectClosed();
  }
});

test('[§4.13] a server that shuts down says DISCONNECT 0x8B', async () => {
  const { connect, broker, laboratory } = world();
  const client = await connect();
  const closing = broker.close();
  await laboratory.settle();
  await client.expectDisconnect(0x8b);
  await laboratory.advance(10_000);
  await closing;
});
