import { describe, expect, test } from 'vitest';
import { Restarts } from './restarts.ts';

const hour = 3_600_000;
const alice = { clientId: 'alice', cleanStart: false, properties: { sessionExpiryInterval: 3600 } };

for (const how of ['closed in order', 'killed'] as const) {
  describe(`after a broker was ${how}`, () => {
    async function restart(house: Restarts, downtime = 0): Promise<void> {
      if (how === 'killed') house.crash();
      else await house.close();
      await house.laboratory.advance(downtime);
      house.start();
    }

    test('sessions are present, with their subscriptions', async () => {
      const house = new Restarts();
      const client = await house.connect(alice);
      await client.subscribe('news/#', { qos: 1 });
      await client.subscribe('gone', { qos: 1 });
      await client.unsubscribe('gone');
      await restart(house);
      const again = await house.resume('alice');
      expect(again.connack.sessionPresent).toBe(true);
      const bob = await house.connect({ clientId: 'bob' });
      await bob.publish('gone', 'not this');
      await bob.publish('news/1', 'hello', { qos: 2 });
      expect(await again.receiveMessage()).toMatchObject({ text: 'hello', qos: 1 });
      await again.expectNothing();
    });

    test('subscriptions have the options that were granted', async () => {
      const house = new Restarts();
      const client = await house.connect(alice);
      const options = { qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 } as const;
      await client.subscribe('news', { ...options, properties: { subscriptionIdentifier: 77 } });
      await client.subscribe('$share/group/work', { qos: 1 });
      const before = house.broker.subscriptions('alice');
      await restart(house);
      await house.connect({ clientId: 'bob' });
      expect(house.broker.subscriptions('alice')).toEqual(before);
      expect(before).toHaveLength(2);
      const again = await house.resume('alice');
      await again.publish('news', 'my own', { qos: 1 });
      await again.expectNothing();
      const bob = await house.connect({ clientId: 'bob' });
      await bob.publish('news', 'kept', { qos: 1, retain: true });
      expect(await again.receiveMessage()).toMatchObject({
        retain: true,
        properties: { subscriptionIdentifiers: [77] },
      });
      expect([...house.broker.shares()]).toEqual([
        { shareName: 'group', filter: 'work', mountPoint: '', members: ['alice'] },
      ]);
    });

    test('sessions that end with their connection are gone', async () => {
      const house = new Restarts();
      const client = await house.connect({ clientId: 'brief' });
      await client.subscribe('news', { qos: 1 });
      await restart(house);
      const again = await house.resume('brief');
      expect(again.connack.sessionPresent).toBe(false);
      expect(house.broker.subscriptions('brief')).toEqual([]);
    });

    test('a session of MQTT 3.1.1 is there however long the broker was not', async () => {
      const house = new Restarts();
      const client = await house.connect({ clientId: 'old', cleanStart: false }, { protocolVersion: 4 });
      await client.subscribe('news', { qos: 1 });
      await restart(house, 10_000 * hour);
      const again = await house.connect({ clientId: 'old', cleanStart: false }, { protocolVersion: 4 });
      expect(again.connack.sessionPresent).toBe(true);
    });
  });
}

describe('the time of a session', () => {
  test('goes on while the broker is down: what expires meanwhile is gone when it comes back', async () => {
    const house = new Restarts();
    await (await house.connect(alice)).disconnect();
    await house.crashAndStart(hour);
    expect((await house.resume('alice')).connack.sessionPresent).toBe(false);
  });

  test('is over for a client that is the very first to come', async () => {
    const house = new Restarts();
    const client = await house.connect(alice);
    await client.subscribe('news', { qos: 1 });
    await client.disconnect();
    await house.crashAndStart(hour + 1);
    const again = house.arrive();
    const connack = await again.connectPacket({ ...alice });
    expect(connack.sessionPresent).toBe(false);
    expect(house.broker.subscriptions('alice')).toEqual([]);
  });

  test('is not prolonged by a restart', async () => {
    const house = new Restarts();
    const client = await house.connect(alice);
    await client.disconnect();
    await house.laboratory.advance(0.25 * hour);
    await house.crashAndStart(0.25 * hour);
    await house.connect({ clientId: 'first' });
    await house.laboratory.advance(0.5 * hour - 1);
    expect(house.broker.session('alice')).toBeDefined();
    await house.laboratory.advance(1001);
    expect(house.broker.session('alice')).toBeUndefined();
  });

  test('begins at the restart for a client that was connected when the broker was killed', async () => {
    const house = new Restarts();
    await house.connect(alice);
    await house.crashAndStart(10 * hour);
    expect((await house.resume('alice')).connack.sessionPresent).toBe(true);
  });

  test('begins at the close for a client that was connected when the broker was closed', async () => {
    const house = new Restarts();
    await house.connect(alice);
    await house.close();
    await house.laboratory.advance(hour + 1);
    house.start();
    expect((await house.resume('alice')).connack.sessionPresent).toBe(false);
  });

  test('is what the last CONNECT or DISCONNECT said', async () => {
    const house = new Restarts();
    const client = await house.connect(alice);
    await client.disconnect({ properties: { sessionExpiryInterval: 60 } });
    await house.crashAndStart(59_000);
    await house.connect({ clientId: 'first' });
    expect(house.broker.session('alice')?.sessionExpiryInterval).toBe(60);
    await house.crashAndStart(2_000);
    expect((await house.resume('alice')).connack.sessionPresent).toBe(false);
  });

  test('is 0 for a session that was resumed to end with its connection: it does not survive the broker', async () => {
    const house = new Restarts();
    await (await house.connect(alice)).disconnect();
    const last = await house.connect({ ...alice, properties: {} });
    expect(last.connack.sessionPresent).toBe(true);
    await house.crashAndStart();
    expect((await house.resume('alice')).connack.sessionPresent).toBe(false);
  });

  test('of an expired session ends it in the store too', async () => {
    const house = new Restarts();
    await (await house.connect(alice)).disconnect();
    await house.laboratory.advance(hour + 1000);
    expect(house.broker.session('alice')).toBeUndefined();
    expect([...(await recordsOf(house))]).toEqual([]);
  });
});

test('a session that Clean Start replaced leaves nothing behind', async () => {
  const house = new Restarts();
  const client = await house.connect(alice);
  await client.subscribe('news', { qos: 1 });
  await client.disconnect();
  await (await house.connect({ clientId: 'bob' })).publish('news', 'waiting', { qos: 1 });
  await house.connect({ ...alice, cleanStart: true });
  await house.crashAndStart();
  const again = await house.resume('alice');
  expect(again.connack.sessionPresent).toBe(true);
  await again.expectNothing();
  expect(house.broker.subscriptions('alice')).toEqual([]);
});

test('a session that the host ended does not come back', async () => {
  const house = new Restarts();
  await (await house.connect(alice)).disconnect();
  expect(house.broker.endSession('alice')).toBe(true);
  await house.laboratory.settle();
  await house.crashAndStart();
  expect((await house.resume('alice')).connack.sessionPresent).toBe(false);
});

test('client ids that begin alike are different sessions', async () => {
  const house = new Restarts();
  for (const clientId of ['a', 'ab', 'a/b', '']) {
    const client = await house.connect({ ...alice, clientId: clientId === '' ? 'a ' : clientId });
    await client.subscribe(`to ${clientId}`, { qos: 1 });
  }
  await house.connect({ clientId: 'a', cleanStart: true });
  await house.crashAndStart();
  await house.connect({ clientId: 'first' });
  expect([...house.broker.sessions()].map(({ clientId }) => clientId).sort()).toEqual([
    'a ',
    'a/b',
    'ab',
    'first',
  ]);
  expect(house.broker.subscriptions('ab').map(({ filter }) => filter)).toEqual(['to ab']);
});

test('who the client is, and its mount point, outlive the broker', async () => {
  const authenticate = ({ clientId }: { clientId: string }) => ({
    allow: true as const,
    identity: `user of ${clientId}`,
    mountPoint: 'house/',
  });
  const house = new Restarts({}, { authenticate });
  const client = await house.connect(alice);
  await client.subscribe('news', { qos: 1 });
  await house.crashAndStart(0, { authenticate });
  await house.connect({ clientId: 'bob' });
  expect(house.broker.session('alice')?.identity).toBe('user of alice');
  const bob = await house.connect({ clientId: 'bob' });
  await bob.publish('news', 'below the mount point', { qos: 1 });
  const again = await house.resume('alice');
  expect(await again.receiveMessage()).toMatchObject({ topic: 'news', text: 'below the mount point' });
});

async function recordsOf({ store }: Restarts) {
  const records = store.load();
  if (Symbol.iterator in records) return [...records];
  throw new TypeError('this store answers by promise');
}
