import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { connectBytes, field, packetOf, RawClient } from '../wire.ts';

const openers: [string, readonly number[]][] = [
  ['PUBLISH', packetOf(0x30, field('a'), [0])],
  ['PUBACK', packetOf(0x40, [0, 1])],
  ['PUBREC', packetOf(0x50, [0, 1])],
  ['PUBREL', packetOf(0x62, [0, 1])],
  ['PUBCOMP', packetOf(0x70, [0, 1])],
  ['SUBSCRIBE', packetOf(0x82, [0, 1, 0], field('a'), [0])],
  ['UNSUBSCRIBE', packetOf(0xa2, [0, 1, 0], field('a'))],
  ['PINGREQ', packetOf(0xc0)],
  ['DISCONNECT', packetOf(0xe0)],
  ['AUTH', packetOf(0xf0)],
  ['CONNACK', packetOf(0x20, [0, 0, 0])],
];

test.each(openers)(
  '[MQTT-3.1.0-1] [MQTT-3.14.0-1] a connection that begins with %s is closed in silence',
  async (_, bytes) => {
    const raw = new RawClient(world());
    expect(await raw.say([...bytes, ...connectBytes()])).toBe('');
    expect(raw.closed).toBe(true);
  },
);

test('[MQTT-3.1.0-2] [MQTT-3.2.0-2] a second CONNECT gets DISCONNECT 0x82 and no second CONNACK, and the Will goes out', async () => {
  const { connect } = world();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const client = await connect({ will: { topic: 'gone', payload: 'twice' } });
  client.send({ type: 'connect', clientId: 'other' });
  await client.expectDisconnect(0x82);
  expect((await watcher.receiveMessage()).text).toBe('twice');
});

test('[MQTT-3.1.0-2] a second CONNECT sent along with the first one is no better', async () => {
  const { newcomer, broker } = world();
  const client = newcomer();
  client.send({ type: 'connect', clientId: 'one' });
  client.send({ type: 'connect', clientId: 'two' });
  await client.expect('connack', { reasonCode: 0 });
  await client.expectDisconnect(0x82);
  expect(broker.session('two')).toBeUndefined();
});

test('[MQTT-3.1.4-5] [MQTT-3.2.0-1] a valid CONNECT is answered by CONNACK 0x00 before anything else', async () => {
  const { newcomer } = world();
  const client = newcomer();
  client.send({ type: 'connect', clientId: 'c' });
  client.send({ type: 'pingreq' });
  await client.expect('connack', { reasonCode: 0, sessionPresent: false });
  await client.expect('pingresp');
  await client.expectNothing();
});

test('[MQTT-3.2.0-1] CONNACK goes before what a resumed session has to send again', async () => {
  const { connect, newcomer } = world();
  const kept = { clientId: 'kept', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const first = await connect(kept);
  await first.subscribe('a', { qos: 1 });
  const publisher = await connect('publisher');
  await publisher.publish('a', 'in flight', { qos: 1 });
  await first.expect('publish');
  await first.drop();
  await publisher.publish('a', 'queued', { qos: 1 });
  const second = newcomer();
  second.send({ type: 'connect', ...kept });
  const types = (await second.receiveAll()).map(({ type }) => type);
  expect(types).toEqual(['connack', 'publish', 'publish']);
});

test('[§3.1.4] packets sent along with an accepted CONNECT are handled after CONNACK, in their order', async () => {
  const { connect, newcomer, broker } = world();
  const watcher = await connect('watcher');
  await watcher.subscribe('a');
  broker.use({ name: 'late', hooks: { authenticate: () => Promise.resolve(true) } });
  const client = newcomer();
  client.send({ type: 'connect', clientId: 'eager' });
  client.send({ type: 'publish', topic: 'a', payload: 'x', qos: 1, packetId: 1 });
  client.send({ type: 'subscribe', packetId: 2, subscriptions: ['b'] });
  const types = (await client.receiveAll()).map(({ type }) => type);
  expect(types).toEqual(['connack', 'puback', 'suback']);
  expect((await watcher.receiveMessage()).text).toBe('x');
});

test('[MQTT-3.1.4-6] what was sent along with a refused CONNECT has no effect', async () => {
  const { connect, newcomer, broker } = world();
  const watcher = await connect('watcher');
  await watcher.subscribe('#');
  broker.use({ name: 'never', hooks: { authenticate: () => Promise.resolve(false) } });
  const client = newcomer();
  client.send({ type: 'connect', clientId: 'eager', will: { topic: 'gone' } });
  client.send({ type: 'publish', topic: 'a', payload: 'x', retain: true });
  client.send({ type: 'subscribe', packetId: 2, subscriptions: ['b'] });
  client.send({ type: 'pingreq' });
  await client.expect('connack', { reasonCode: 0x87, sessionPresent: false });
  await client.expectClosed();
  await watcher.expectNothing();
  expect(broker.retained('a')).toBeUndefined();
  expect(broker.session('eager')).toBeUndefined();
});

test('[MQTT-3.1.4-1] a CONNECT that is no CONNECT is answered by its reason code, then closed', async () => {
  const { newcomer } = world();
  const client = newcomer();
  client.sendBytes(connectBytes({ flags: 0x01 }));
  await client.expect('connack', { reasonCode: 0x81 });
  await client.expectClosed();
});

test('[MQTT-3.1.4-2] [MQTT-3.2.2-7] [MQTT-4.13.2-1] a CONNECT that a check refuses gets the reason and the close', async () => {
  for (const reasonCode of [0x86, 0x87, 0x88, 0x89, 0x8a]) {
    const { newcomer, broker } = world();
    broker.use({ name: 'guard', hooks: { authenticate: () => ({ allow: false, reasonCode }) } });
    const client = newcomer();
    const connack = await client.connectPacket();
    expect(connack).toMatchObject({ reasonCode, sessionPresent: false });
    await client.expectClosed();
  }
});

test('[MQTT-3.2.2-6] a refusal has Session Present 0 though the session exists, and leaves that session alone', async () => {
  const { connect, newcomer, broker } = world();
  const kept = { clientId: 'kept', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const first = await connect(kept);
  await first.subscribe('a', { qos: 1 });
  await first.disconnect();
  const guard = broker.use({ name: 'guard', hooks: { authenticate: () => false } });
  const refused = newcomer();
  const connack = await refused.connectPacket({ ...kept, cleanStart: true });
  expect(connack).toMatchObject({ reasonCode: 0x87, sessionPresent: false });
  await guard.dispose();
  const again = await connect(kept);
  expect(again.connack.sessionPresent).toBe(true);
  expect(broker.subscriptions('kept')).toHaveLength(1);
});

test('[MQTT-3.2.2-8] a reason code that CONNACK does not have never leaves the server', async () => {
  const { newcomer, broker } = world();
  broker.use({ name: 'odd', hooks: { authenticate: () => ({ allow: false, reasonCode: 0x8e }) } });
  const client = newcomer();
  const { reasonCode } = await client.connectPacket();
  expect(reasonCode).toBe(0x87);
  await client.expectClosed();
});

test('[MQTT-3.14.0-1] a client that never finishes its CONNECT is closed without a DISCONNECT', async () => {
  const place = world({ limits: { connectTimeout: 1000 } });
  const raw = new RawClient(place);
  await raw.say(connectBytes().slice(0, 10));
  await place.laboratory.advance(1001);
  expect(await raw.hear()).toBe('');
  expect(raw.closed).toBe(true);
});

test('[MQTT-3.14.0-1] a broker that closes during the authentication says CONNACK, not DISCONNECT', async () => {
  const { newcomer, broker, laboratory } = world();
  broker.use({ name: 'slow', hooks: { authenticate: () => new Promise<boolean>(() => {}) } });
  const client = newcomer();
  client.send({ type: 'connect', clientId: 'c' });
  await client.expectNothing();
  const closing = broker.close();
  await laboratory.advance(60_000);
  await closing;
  const packets = await client.receiveAll();
  expect(packets.filter(({ type }) => type === 'disconnect')).toEqual([]);
  await client.expectClosed();
});
