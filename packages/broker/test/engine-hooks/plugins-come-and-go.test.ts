import type { BrokerEvent, HookFailedEvent, Plugin, StoreFailedEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, FailingStore, Notes, promiseByHand } from '../broker-under-test.ts';

test('a plugin is in force from one message to the next, and out of it as fast', async () => {
  const { connect, broker } = brokerUnderTest();
  const client = await connect();
  const codes: number[] = [];
  const publish = async () => codes.push((await client.publish('t', '', { qos: 1 })).reasonCode);
  await publish();
  const registration = broker.use({ name: 'closed', hooks: { authorizePublish: () => false } });
  await publish();
  const other = broker.use({
    name: 'open',
    hooks: { authorizePublish: { priority: 1, handler: () => true } },
  });
  await publish();
  await other.dispose();
  await publish();
  await registration.dispose();
  await publish();
  expect(codes).toEqual([0x10, 0x87, 0x10, 0x87, 0x10]);
});

test('what a plugin was asked before it was disposed of is still answered by it', async () => {
  const answer = promiseByHand<boolean>();
  const { connect, broker, laboratory } = brokerUnderTest();
  const registration = broker.use({ name: 'slow', hooks: { authorizePublish: () => answer.promise } });
  const client = await connect();
  client.publishOnly('t', '', { qos: 1, packetId: 1 });
  client.publishOnly('t', '', { qos: 1, packetId: 2 });
  await client.settle();
  void registration.dispose();
  await client.expectNothing();
  answer.resolve(false);
  await laboratory.settle();
  await client.expect('puback', { packetId: 1, reasonCode: 0x87 });
  await client.expect('puback', { packetId: 2, reasonCode: 0x10 });
});

test('plugins come and go under traffic, and no message is lost', async () => {
  const { connect, broker } = brokerUnderTest();
  const [from, to] = [await connect({ clientId: 'from' }), await connect({ clientId: 'to' })];
  await to.subscribe('t', { qos: 2 });
  const passing = (name: string): Plugin => ({
    name,
    hooks: {
      authorizePublish: async () => true,
      rewritePublish: async () => undefined,
      authorizeDeliver: () => true,
      commitPublish: async () => undefined,
      published: () => {},
    },
  });
  for (let round = 0; round < 30; round++) {
    from.publishOnly('t', `${round}`, { qos: round % 2 === 0 ? 1 : 2 });
    const registration = broker.use(passing(`round ${round}`));
    if (round % 3 === 0) await from.settle();
    void registration.dispose();
  }
  await from.settle();
  const texts: string[] = [];
  for (let round = 0; round < 30; round++) texts.push((await to.receiveMessage()).text);
  expect(texts).toEqual(Array.from({ length: 30 }, (_, round) => `${round}`));
});

test('setup gets the broker, and may publish and subscribe with it', async () => {
  const seen: string[] = [];
  const { broker, laboratory, connect } = brokerUnderTest();
  broker.use({
    name: 'echo',
    setup(host) {
      host.subscribe('in', (message) => {
        seen.push(message.text());
        void host.publish('out', message.payload);
      });
    },
  });
  const client = await connect();
  await client.subscribe('out');
  await client.publish('in', 'hello');
  await laboratory.settle();
  expect(seen).toEqual(['hello']);
  expect((await client.receiveMessage()).text).toBe('hello');
});

test('a plugin that throws in every hook it can observe harms nobody', async () => {
  const failed = new Notes<HookFailedEvent>();
  const { connect, broker, laboratory } = brokerUnderTest();
  const broken = (): never => {
    throw new Error('broken');
  };
  broker.use({ name: 'watch', hooks: { hookFailed: failed.take } });
  broker.use({
    name: 'broken',
    hooks: {
      connected: broken,
      disconnected: broken,
      published: broken,
      subscribed: broken,
      unsubscribed: broken,
      delivered: broken,
      acknowledged: broken,
      dropped: broken,
      willSent: broken,
      sessionCreated: broken,
      sessionResumed: broken,
      sessionExpired: broken,
      sessionDeleted: broken,
      refused: broken,
      hookFailed: broken,
      started: broken,
    },
  });
  const kept = { properties: { sessionExpiryInterval: 10 }, cleanStart: false };
  const client = await connect({ clientId: 'c', will: { topic: 't' }, ...kept });
  await client.subscribe(['t', 'x'], { qos: 1 });
  await client.publish('t', '', { qos: 1 });
  await client.receiveMessage();
  await client.unsubscribe('x');
  await client.drop();
  await (await connect({ clientId: 'c', ...kept })).drop();
  await laboratory.advance(10_000);
  const other = await connect({ clientId: 'other' });
  other.sendBytes('00 00');
  await other.expectDisconnect(0x81);
  expect(new Set(failed.all.map(({ hook }) => hook))).toEqual(
    new Set([
      'connected',
      'disconnected',
      'published',
      'subscribed',
      'unsubscribed',
      'delivered',
      'acknowledged',
      'dropped',
      'willSent',
      'sessionCreated',
      'sessionResumed',
      'sessionExpired',
      'sessionDeleted',
      'refused',
      'started',
    ]),
  );
});

test('started, draining and stopped are told once each, in that order', async () => {
  const told: string[] = [];
  const note = (what: string) => {
    return ({ at }: BrokerEvent): void => void told.push(`${what} ${at - begin}`);
  };
  const { broker, laboratory, connect } = brokerUnderTest(
    {},
    { started: note('started'), draining: note('draining'), stopped: note('stopped') },
  );
  const begin = laboratory.clock.now();
  expect(told).toEqual([]);
  await connect();
  await laboratory.advance(1_000);
  const closed = broker.close();
  await laboratory.settle();
  await closed;
  expect(told).toEqual(['started 0', 'draining 1000', 'stopped 1000']);
});

test('storeFailed names the store, and the broker lives on', async () => {
  const failed = new Notes<StoreFailedEvent>();
  const store = new FailingStore();
  const { connect, laboratory } = brokerUnderTest({ persistence: store }, { storeFailed: failed.take });
  const client = await connect({ properties: { sessionExpiryInterval: 100 } });
  await client.subscribe('t', { qos: 1 });
  store.fails = true;
  expect((await client.publish('t', 'x', { qos: 1 })).reasonCode).toBe(0x80);
  expect(failed.all[0]).toMatchObject({ store: 'failing', during: 'commit' });
  expect(failed.all[0]?.error.message).toBe('the disk is full');
  expect(laboratory.logger.messages('error')).toContain('the store failed');
  store.fails = false;
  await client.receiveAll();
  expect((await client.publish('t', 'y', { qos: 1 })).reasonCode).toBe(0);
});
