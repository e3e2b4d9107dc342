import { memoryStore } from '@carillon/persistence';
import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';

const never = 0xffff_ffff;

/** Whether a session is there for the next connection of `kept`, which leaves it as it is. */
function isThere({ broker }: BrokerWorld): boolean {
  return broker.session('kept') !== undefined;
}

function asked(sessionExpiryInterval: number, cleanStart = false) {
  return { clientId: 'kept', cleanStart, properties: { sessionExpiryInterval } };
}

test('[MQTT-3.1.2-23] [MQTT-4.1.0-2] a session outlives its connection by its expiry interval, and no longer', async () => {
  for (const leave of ['disconnect', 'drop', 'end'] as const) {
    const place = world();
    const client = await place.connect(asked(60, true));
    await client[leave]();
    await place.laboratory.advance(59_999);
    expect(isThere(place)).toBe(true);
    await place.laboratory.advance(2);
    expect(isThere(place)).toBe(false);
    expect((await place.connect(asked(60))).connack.sessionPresent).toBe(false);
  }
});

test('[MQTT-3.1.2-23] Clean Start rules only the beginning: with expiry above 0 the session is kept all the same', async () => {
  const { connect } = world();
  await (await connect(asked(60, true))).disconnect();
  expect((await connect(asked(60))).connack.sessionPresent).toBe(true);
});

test('[MQTT-3.1.2-5] [MQTT-4.1.0-2] Clean Start 0 with expiry 0 resumes the session, which dies with this connection', async () => {
  const place = world();
  await (await place.connect(asked(60))).disconnect();
  const client = await place.connect(asked(0));
  expect(client.connack.sessionPresent).toBe(true);
  await client.disconnect();
  expect(isThere(place)).toBe(false);
});

test('[§3.1.2.11.2] without a Session Expiry Interval the session ends with the connection', async () => {
  const place = world();
  const client = await place.connect('kept');
  expect(isThere(place)).toBe(true);
  await client.drop();
  expect(isThere(place)).toBe(false);
});

test('[§3.1.2.11.2] 0xFFFFFFFF is never: ten years change nothing', async () => {
  const place = world();
  await (await place.connect(asked(never))).disconnect();
  await place.laboratory.advance(10 * 365 * 24 * 3_600_000);
  expect((await place.connect(asked(never))).connack.sessionPresent).toBe(true);
});

test('[§3.1.2.11.2] an interval longer than timers can count, 68 years, is not over at once', async () => {
  const place = world();
  await (await place.connect(asked(0x8000_0000))).disconnect();
  await place.laboratory.advance(30 * 24 * 3_600_000);
  expect(isThere(place)).toBe(true);
});

test('[§3.1.2.11.2] the interval of the CONNECT that resumes replaces the stored one', async () => {
  const place = world();
  await (await place.connect(asked(never))).disconnect();
  await (await place.connect(asked(10))).disconnect();
  await place.laboratory.advance(10_001);
  expect(isThere(place)).toBe(false);
});

test('[MQTT-4.1.0-1] a session does not expire while its connection is open, and the time begins anew at each close', async () => {
  const place = world();
  const first = await place.connect(asked(10));
  await place.laboratory.advance(3_600_000);
  expect(isThere(place)).toBe(true);
  await first.drop();
  await place.laboratory.advance(9_000);
  const second = await place.connect(asked(10));
  expect(second.connack.sessionPresent).toBe(true);
  await place.laboratory.advance(3_600_000);
  expect(isThere(place)).toBe(true);
  await second.drop();
  await place.laboratory.advance(9_000);
  expect(isThere(place)).toBe(true);
});

test('[MQTT-4.1.0-2] the end of a session drops subscriptions, queue and share membership, and leaves retained messages', async () => {
  const place = world();
  const client = await place.connect(asked(10));
  await client.subscribe(['a', '$share/group/b'], { qos: 1 });
  await client.publish('r', 'stays', { retain: true });
  await client.disconnect();
  const publisher = await place.connect('publisher');
  await publisher.publish('a', 'queued', { qos: 1 });
  await place.laboratory.advance(10_001);
  expect([...place.broker.shares()]).toEqual([]);
  expect(place.broker.retained('r')).toBeDefined();
  expect(await publisher.publish('a', 'nobody', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  const again = await place.connect(asked(10));
  await again.expectNothing();
  expect(place.broker.subscriptions('kept')).toEqual([]);
});

test('[§3.14.2.2.2] DISCONNECT may change the interval, down to 0', async () => {
  const place = world();
  const shorter = await place.connect(asked(60));
  await shorter.disconnect({ properties: { sessionExpiryInterval: 5 } });
  await place.laboratory.advance(5_001);
  expect(isThere(place)).toBe(false);
  const longer = await place.connect(asked(5));
  await longer.disconnect({ properties: { sessionExpiryInterval: 60 } });
  await place.laboratory.advance(59_000);
  expect(isThere(place)).toBe(true);
  const ended = await place.connect(asked(5));
  await ended.disconnect({ properties: { sessionExpiryInterval: 0 } });
  expect(isThere(place)).toBe(false);
});

test('[§3.14.2.2.2] DISCONNECT without the interval keeps that of CONNECT', async () => {
  const place = world();
  await (await place.connect(asked(10))).disconnect();
  await place.laboratory.advance(9_999);
  expect(isThere(place)).toBe(true);
  await place.laboratory.advance(2);
  expect(isThere(place)).toBe(false);
});

test('[§3.14.2.2.2] an interval above 0 after 0 in CONNECT is a Protocol Error, no disconnect: the Will goes out', async () => {
  const { connect } = world();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const client = await connect({ clientId: 'c', will: { topic: 'gone', payload: 'bye' } });
  client.send({ type: 'disconnect', properties: { sessionExpiryInterval: 1 } });
  await client.expectDisconnect(0x82);
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[§3.14.2.2.2] where CONNECT asked for more than 0 and the server granted 0, DISCONNECT may name an interval', async () => {
  const place = world({ limits: { maximumSessionExpiryInterval: 0 } });
  const client = await place.connect(asked(60));
  expect(client.connack.properties.sessionExpiryInterval).toBe(0);
  client.send({ type: 'disconnect', properties: { sessionExpiryInterval: 60 } });
  await client.expectClosed();
  expect(isThere(place)).toBe(false);
});

test('[§3.2.2.3.2] a server that shortens the interval says so in CONNACK, and goes by it', async () => {
  const place = world({ limits: { maximumSessionExpiryInterval: 30 } });
  const client = await place.connect(asked(never));
  expect(client.connack.properties.sessionExpiryInterval).toBe(30);
  await client.disconnect({ properties: { sessionExpiryInterval: 3600 } });
  await place.laboratory.advance(29_999);
  expect(isThere(place)).toBe(true);
  await place.laboratory.advance(2);
  expect(isThere(place)).toBe(false);
  const modest = await place.connect(asked(20));
  expect(modest.connack.properties.sessionExpiryInterval).toBeUndefined();
});

test('[§4.1] a restart neither forgets nor prolongs the time of expiry', async () => {
  for (const expiry of ['over', 'not over'] as const) {
    const persistence = memoryStore();
    const before = world({ persistence });
    await (await before.connect(asked(60))).disconnect();
    await before.laboratory.advance(40_000);
    const after = world({ persistence }, { laboratory: before.laboratory });
    await after.broker.start();
    await after.laboratory.advance(expiry === 'over' ? 20_001 : 19_000);
    const again = await after.connect(asked(60));
    expect(again.connack.sessionPresent).toBe(expiry === 'not over');
  }
});

test('[§4.1] the time of expiry of a client that was connected begins when the server is there again', async () => {
  const persistence = memoryStore();
  const before = world({ persistence });
  await before.connect(asked(60));
  await before.laboratory.advance(3_600_000);
  const after = world({ persistence }, { laboratory: before.laboratory });
  await after.broker.start();
  await after.laboratory.advance(59_000);
  expect(isThere(after)).toBe(true);
  await after.laboratory.advance(1_001);
  expect(isThere(after)).toBe(false);
});

test('[MQTT-3.14.2-2] a DISCONNECT of the server has no Session Expiry Interval', async () => {
  const { connect } = world();
  const first = await connect(asked(60));
  await connect(asked(60));
  const { properties } = await first.expect('disconnect', { reasonCode: 0x8e });
  expect(Object.keys(properties)).not.toContain('sessionExpiryInterval');
});
