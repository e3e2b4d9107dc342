import type { StoreFailedEvent } from '@carillon/hooks';
import { StoreError } from '@carillon/persistence';
import { describe, expect, test } from 'vitest';
import { Notes } from '../broker-under-test.ts';
import { RecordingStore } from './recording-store.ts';
import { Restarts } from './restarts.ts';
import { sendTogether } from './send-together.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };
const diskFull = new Error('the disk is full');

/** Alice, whose session is stored and who subscribed to `news`, and Bob, who publishes, in any version. */
async function aliceAndBob(protocolVersion: 3 | 4 | 5 = 5) {
  const store = new RecordingStore();
  const failures = new Notes<StoreFailedEvent>();
  const house = new Restarts({}, { storeFailed: failures.take }, store);
  const alice = await house.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 2 });
  const bobsDraft = { clientId: 'bob', cleanStart: false, ...(protocolVersion === 5 ? kept : {}) };
  const connectBob = () => house.connect(bobsDraft, { protocolVersion });
  return { house, store, failures, alice, bob: await connectBob(), connectBob };
}

describe('what could not be stored', () => {
  test('is refused at QoS 1: PUBACK 0x80, and the connection goes on', async () => {
    const { bob, store } = await aliceAndBob();
    store.hold();
    bob.publishOnly('news', 'hello', { qos: 1, packetId: 5 });
    await bob.settle();
    store.failOne(diskFull);
    const puback = await bob.expect('puback', { packetId: 5, reasonCode: 0x80 });
    expect(puback.properties.reasonString).toBe('it could not be stored');
    await bob.ping();
  });

  test('is refused by 0x97 where the store says that it is full, and what it says besides stays here', async () => {
    const { bob, store } = await aliceAndBob();
    store.hold();
    bob.publishOnly('news', 'hello', { qos: 1, packetId: 5 });
    await bob.settle();
    store.failOne(new StoreError('full', 'no room left in /secret/place'));
    const puback = await bob.expect('puback', { packetId: 5, reasonCode: 0x97 });
    expect(puback.properties.reasonString).not.toContain('secret');
  });

  test('is refused at QoS 2: PUBREC 0x80, nobody gets it, and its identifier is free', async () => {
    const { alice, bob, store } = await aliceAndBob();
    store.hold();
    bob.publishOnly('news', 'lost', { qos: 2, packetId: 5 });
    await bob.settle();
    store.failOne();
    await bob.expect('pubrec', { packetId: 5, reasonCode: 0x80 });
    await alice.expectNothing();
    store.release();
    await bob.publish('news', 'kept', { qos: 2, packetId: 5 });
    expect((await alice.receiveMessage()).text).toBe('kept');
    await alice.expectNothing();
  });

  for (const protocolVersion of [3, 4] as const) {
    test(`ends the connection of a client of version ${protocolVersion}, which sends it again and is heard once`, async () => {
      const { alice, bob, store, connectBob } = await aliceAndBob(protocolVersion);
      store.hold();
      bob.publishOnly('news', 'once', { qos: 2, packetId: 5 });
      await bob.settle();
      store.failOne();
      await bob.expectClosed();
      store.release();
      const again = await connectBob();
      again.publishOnly('news', 'once', { qos: 2, packetId: 5, dup: true });
      await again.expect('pubrec', { packetId: 5 });
      expect((await alice.receiveMessage()).text).toBe('once');
      await alice.expectNothing();
    });
  }

  test('is not what was stored before: the repeat of a QoS 2 message is acknowledged all the same', async () => {
    const { alice, bob, store } = await aliceAndBob();
    bob.publishOnly('news', 'once', { qos: 2, packetId: 5 });
    await bob.expect('pubrec', { packetId: 5, reasonCode: 0 });
    await alice.receiveMessage();
    store.hold();
    sendTogether(bob, [
      { qos: 1, packetId: 6 },
      { qos: 2, packetId: 5, dup: true },
    ]);
    await bob.settle();
    store.failOne();
    await bob.expect('puback', { packetId: 6, reasonCode: 0x80 });
    await bob.expect('pubrec', { packetId: 5, reasonCode: 0 });
  });

  test('refuses all that was in the batch, and nothing of the next', async () => {
    const { bob, store } = await aliceAndBob();
    store.hold();
    sendTogether(bob, [
      { qos: 1, packetId: 1 },
      { qos: 2, packetId: 2 },
    ]);
    await bob.settle();
    bob.publishOnly('news', '', { qos: 1, packetId: 3 });
    await bob.settle();
    store.failOne();
    await bob.expect('puback', { packetId: 1, reasonCode: 0x80 });
    await bob.expect('pubrec', { packetId: 2, reasonCode: 0x80 });
    store.letOneGo();
    await bob.expect('puback', { packetId: 3, reasonCode: 0 });
  });

  test('is no subscription: SUBACK 0x80, and nothing comes by it', async () => {
    for (const protocolVersion of [4, 5] as const) {
      const { house, alice, bob, store } = await aliceAndBob(protocolVersion);
      await alice.publish('lamp', 'on', { qos: 1, retain: true });
      store.hold();
      bob.send({ type: 'subscribe', packetId: 9, subscriptions: ['lamp', 'door'] });
      await bob.settle();
      store.failOne();
      await bob.expect('suback', { packetId: 9, reasonCodes: [0x80, 0x80] });
      store.release();
      await alice.publish('door', 'open', { qos: 1 });
      await bob.expectNothing();
      expect(house.broker.subscriptions('bob')).toEqual([]);
      expect((await bob.subscribe('lamp')).reasonCodes).toEqual([0]);
      expect((await bob.receiveMessage()).text).toBe('on');
    }
  });

  test('is no change of a subscription: the old one stays in force', async () => {
    const { house, alice, bob, store } = await aliceAndBob();
    store.hold();
    alice.send({
      type: 'subscribe',
      packetId: 9,
      subscriptions: [
        { filter: 'news', qos: 0 },
        { filter: 'news', qos: 1 },
      ],
    });
    await alice.settle();
    store.failOne();
    await alice.expect('suback', { packetId: 9, reasonCodes: [0x80, 0x80] });
    store.release();
    expect(house.broker.subscriptions('alice')).toMatchObject([{ filter: 'news', qos: 2 }]);
    await bob.publish('news', 'hello', { qos: 2 });
    expect((await alice.receiveMessage()).qos).toBe(2);
    await alice.expectNothing();
  });

  test('is no end of a subscription: UNSUBACK 0x80, and it stays in force, after a restart too', async () => {
    const { house, alice, bob, store } = await aliceAndBob();
    store.hold();
    alice.send({ type: 'unsubscribe', packetId: 9, filters: ['news', 'other'] });
    await alice.settle();
    store.failOne();
    await alice.expect('unsuback', { packetId: 9, reasonCodes: [0x80, 0x80] });
    store.release();
    await bob.publish('news', 'still', { qos: 1 });
    expect((await alice.receiveMessage()).text).toBe('still');
    expect((await alice.unsubscribe('news')).reasonCodes).toEqual([0]);
    await house.crashAndStart();
    await house.resume('alice');
    expect(house.broker.subscriptions('alice')).toEqual([]);
  });

  test('is no end of a subscription of MQTT 3.1.1 either, which is told by a close', async () => {
    const { house, bob, store, connectBob } = await aliceAndBob(4);
    await bob.subscribe('lamp', { qos: 1 });
    store.hold();
    bob.send({ type: 'unsubscribe', packetId: 9, filters: ['lamp'] });
    await bob.settle();
    store.failOne();
    await bob.expectClosed();
    store.release();
    await connectBob();
    expect(house.broker.subscriptions('bob').map(({ filter }) => filter)).toEqual(['lamp']);
  });
});

describe('a CONNECT whose session could not be stored', () => {
  for (const [protocolVersion, reasonCode] of [
    [5, 0x88],
    [4, 3],
    [3, 3],
  ] as const) {
    test(`is refused in version ${protocolVersion} by ${reasonCode}, and leaves neither session nor will`, async () => {
      const { house, alice, store } = await aliceAndBob();
      await alice.subscribe('gone', { qos: 0 });
      store.hold();
      const carol = house.arrive({ protocolVersion });
      carol.send({
        type: 'connect',
        clientId: 'carol',
        cleanStart: false,
        will: { topic: 'gone' },
        ...(protocolVersion === 5 ? kept : {}),
      });
      await carol.settle();
      store.failOne();
      await carol.expect('connack', { reasonCode, sessionPresent: false });
      await carol.expectClosed();
      store.release();
      await alice.expectNothing();
      expect(house.broker.session('carol')).toBeUndefined();
    });
  }

  test('may be tried again', async () => {
    const { house, store } = await aliceAndBob();
    store.hold();
    const first = house.arrive();
    first.send({ type: 'connect', clientId: 'carol', ...kept });
    await first.settle();
    store.failOne();
    await first.expect('connack', { reasonCode: 0x88 });
    store.release();
    expect((await house.resume('carol')).connack.sessionPresent).toBe(false);
  });

  test('and was to begin anew: what it was to replace does not come back with a later one', async () => {
    const { house, alice, bob, store } = await aliceAndBob();
    await alice.drop();
    await bob.publish('news', 'of old', { qos: 1 });
    store.hold();
    const clean = house.arrive();
    clean.send({ type: 'connect', clientId: 'alice', cleanStart: true, ...kept });
    await clean.settle();
    store.failOne();
    await clean.expect('connack', { reasonCode: 0x88 });
    store.release();
    const later = await house.connect({ clientId: 'alice', cleanStart: true, ...kept });
    await later.subscribe('new', { qos: 1 });
    await house.crashAndStart();
    const again = await house.resume('alice');
    await again.expectNothing();
    expect(house.broker.subscriptions('alice').map(({ filter }) => filter)).toEqual(['new']);
  });
});

describe('a failure of the store', () => {
  test('is told with the store, what it was to do, and its error', async () => {
    const { house, bob, store, failures } = await aliceAndBob();
    store.hold();
    bob.publishOnly('news', '', { qos: 1 });
    await bob.settle();
    store.failOne(diskFull);
    await bob.settle();
    expect(failures.all).toEqual([{ store: 'recording', during: 'commit', error: diskFull }]);
    expect(house.laboratory.logger.messages('error')).toHaveLength(1);
  });

  test('may be a throw instead of a rejection', async () => {
    const { bob, store, failures } = await aliceAndBob();
    store.throwNext(diskFull);
    expect((await bob.publish('news', '', { qos: 1 })).reasonCode).toBe(0x80);
    expect(failures.last).toMatchObject({ during: 'commit', error: diskFull });
  });

  test('leaves everybody connected, and everything works once the store does', async () => {
    const { house, alice, bob, store, failures } = await aliceAndBob();
    store.hold();
    for (let round = 0; round < 3; round++) {
      bob.publishOnly('news', 'lost', { qos: 2, packetId: 5 });
      await bob.settle();
      store.failOne();
      await bob.expect('pubrec', { reasonCode: 0x80 });
      await house.laboratory.advance(5000);
    }
    store.release();
    await alice.ping();
    await bob.publish('news', 'kept', { qos: 2, packetId: 5 });
    expect((await alice.receiveMessage()).text).toBe('kept');
    expect(failures.all).toHaveLength(3);
    await house.crashAndStart();
    await (await house.resume('alice')).expectNothing();
  });

  test('that lasts refuses without asking, and asks again after a while', async () => {
    const { house, bob, store, failures } = await aliceAndBob();
    store.hold();
    for (let round = 0; round < 2; round++) {
      bob.publishOnly('news', 'lost', { qos: 1, packetId: 5 });
      await bob.settle();
      store.failOne();
      await bob.expect('puback', { reasonCode: 0x80 });
    }
    bob.publishOnly('news', 'lost too', { qos: 1, packetId: 6 });
    await bob.expect('puback', { packetId: 6, reasonCode: 0x80 });
    expect(store.isCommitting).toBe(false);
    expect(failures.all).toHaveLength(2);
    store.release();
    await house.laboratory.advance(200);
    await bob.publish('news', 'kept', { qos: 1, packetId: 7 });
  });

  test('is made up for: what was delivered meanwhile is not delivered again after a kill', async () => {
    const { house, alice, bob, store } = await aliceAndBob();
    await bob.publish('news', 'once', { qos: 1 });
    const message = await alice.expect('publish', { qos: 1 });
    store.hold();
    await alice.ack(message);
    store.failOne();
    store.release();
    await bob.publish('other', 'goes along with it', { qos: 1 });
    await house.laboratory.advance(200);
    await house.crashAndStart();
    await (await house.resume('alice')).expectNothing();
  });

  test('does not hold up messages that need no store', async () => {
    const { house, store } = await aliceAndBob();
    const [carol, dora] = [
      await house.connect({ clientId: 'carol' }),
      await house.connect({ clientId: 'dora' }),
    ];
    await carol.subscribe('talk', { qos: 1 });
    store.throwNext(diskFull);
    await dora.publish('talk', 'hello', { qos: 1 });
    expect((await carol.receiveMessage()).text).toBe('hello');
  });
});

describe('a Will that cannot be stored', () => {
  for (const qos of [1, 2] as const) {
    test(`at QoS ${qos} reaches nobody, and goes out once the store works again`, async () => {
      const { house, alice, store } = await aliceAndBob();
      const mortal = await house.connect({
        clientId: 'mortal',
        ...kept,
        will: { topic: 'news', payload: 'bye', qos },
      });
      store.hold();
      await mortal.drop();
      store.keepAndFailOne();
      store.release();
      await alice.expectNothing();
      await house.laboratory.advance(1000);
      expect((await alice.receiveMessage()).text).toBe('bye');
      await alice.expectNothing();
      await house.crashAndStart();
      await (await house.resume('alice')).expectNothing();
    });
  }

  test('goes out after the next start, should the broker not live to see it work', async () => {
    const { house, store } = await aliceAndBob();
    const mortal = await house.connect({
      clientId: 'mortal',
      ...kept,
      will: { topic: 'news', payload: 'bye', qos: 1 },
    });
    store.hold();
    await mortal.drop();
    store.failOne();
    await house.laboratory.settle();
    store.release();
    await house.crashAndStart();
    const alice = await house.resume('alice');
    expect((await alice.receiveMessage()).text).toBe('bye');
    await alice.expectNothing();
  });
});
