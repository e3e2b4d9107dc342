import type { Plugin } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, promiseByHand } from '../broker-under-test.ts';

/** Closes, with as much time as it takes. */
async function close({ broker, laboratory }: ReturnType<typeof brokerUnderTest>, serverReference?: string) {
  const closed = broker.close(serverReference === undefined ? {} : { serverReference });
  await laboratory.advance(10_000);
  await closed;
}

test('clients are told that the server shuts down, or where to go instead', async () => {
  const world = brokerUnderTest();
  const five = await world.connect({ clientId: 'five' });
  const four = await world.connect({ clientId: 'four', protocolVersion: 4 });
  const silent = world.arrive();
  await close(world);
  await five.expectDisconnect(0x8b);
  await four.expectClosed();
  expect(silent.closed).toBe(true);
  const moved = brokerUnderTest();
  const client = await moved.connect();
  await close(moved, 'b.example');
  expect((await client.expect('disconnect', { reasonCode: 0x9c })).properties.serverReference).toBe(
    'b.example',
  );
});

test('what was sent before still arrives, and what was to be stored is stored', async () => {
  const world = brokerUnderTest();
  const client = await world.connect();
  await client.subscribe('t', { qos: 1 });
  void world.broker.publish('t', 'last words', { qos: 1 });
  await Promise.resolve();
  await Promise.resolve();
  await close(world);
  expect((await client.expect('publish')).topic).toBe('t');
  await client.expectDisconnect(0x8b);
});

test('those who do not take what was sent to them have the time that was given, and no more', async () => {
  const { broker, connect, laboratory } = brokerUnderTest();
  const slow = await connect({}, { channel: { capacity: 16 } });
  slow.stopReading();
  let isClosed = false;
  const closed = broker.close({ within: 2_000 }).then(() => {
    isClosed = true;
  });
  await laboratory.advance(1_999);
  expect(isClosed).toBe(false);
  await laboratory.advance(1);
  await closed;
  expect(isClosed).toBe(true);
});

test('a connection that a plugin still thinks about does not hold the broker up', async () => {
  const { broker, arrive, laboratory } = brokerUnderTest(
    { hookTimeout: 3_600_000 },
    { authorizeConnection: () => new Promise(() => {}) },
  );
  arrive();
  await laboratory.settle();
  const closed = broker.close({ within: 1_000 });
  await laboratory.advance(1_000);
  await closed;
});

test('a packet that a plugin still thinks about does not hold the broker up', async () => {
  const { broker, connect, laboratory } = brokerUnderTest(
    { hookTimeout: 3_600_000 },
    { authorizePublish: () => new Promise(() => {}) },
  );
  const client = await connect();
  client.publishOnly('t', 'x', { qos: 1 });
  await client.disconnect();
  const closed = broker.close({ within: 1_000 });
  await laboratory.advance(1_000);
  await closed;
});

test('plugins close in reverse order, each when the one before has, and then the store', async () => {
  const told: string[] = [];
  const gate = promiseByHand<void>();
  const { broker, laboratory, connect } = brokerUnderTest();
  const plugin = (name: string, wait?: Promise<void>): Plugin => ({
    name,
    async close() {
      told.push(`${name} closes`);
      await wait;
      told.push(`${name} closed`);
    },
  });
  broker.use(plugin('first'));
  broker.use(plugin('second', gate.promise));
  broker.use(plugin('third'));
  await connect();
  const closed = broker.close();
  await laboratory.settle();
  expect(told).toEqual(['third closes', 'third closed', 'second closes']);
  gate.resolve();
  await laboratory.settle();
  await closed;
  expect(told.slice(3)).toEqual(['second closed', 'first closes', 'first closed']);
});

test('a plugin that fails to close, or never does, does not keep the others from it', async () => {
  const told: string[] = [];
  const { broker, laboratory } = brokerUnderTest({ hookTimeout: 1_000 });
  broker.use({ name: 'last', close: () => void told.push('last') });
  broker.use({ name: 'hangs', close: () => new Promise(() => {}) });
  broker.use({
    name: 'throws',
    close() {
      throw new Error('broken');
    },
  });
  const closed = broker.close();
  await laboratory.advance(1_000);
  await closed;
  expect(told).toEqual(['last']);
});

test('what is asked of a closed broker throws BROKER_CLOSED', async () => {
  const world = brokerUnderTest();
  await world.connect({ clientId: 'c', cleanStart: false, properties: { sessionExpiryInterval: 100 } });
  const { broker } = world;
  await close(world);
  const closed = { name: 'BrokerError', code: 'BROKER_CLOSED' };
  await expect(broker.publish('t', '')).rejects.toMatchObject(closed);
  await expect(broker.clearRetained('#')).rejects.toMatchObject(closed);
  for (const late of [
    () => broker.subscribe('t', () => {}),
    () => broker.messages('t'),
    () => broker.use({ name: 'late' }),
    () => broker.endSession('c'),
  ]) {
    expect(late).toThrow(expect.objectContaining(closed));
  }
  const client = world.arrive();
  await client.expectClosed();
});

test('closing twice is closing once', async () => {
  const world = brokerUnderTest();
  let stops = 0;
  world.broker.use({ name: 'count', hooks: { stopped: () => void stops++ } });
  await world.connect();
  const first = world.broker.close();
  const second = world.broker.close();
  await world.laboratory.settle();
  await Promise.all([first, second]);
  expect(stops).toBe(1);
});

test('a broker that never started closes as well', async () => {
  const { broker } = brokerUnderTest();
  await broker.close();
  expect(() => broker.subscribe('t', () => {})).toThrow(/closed/);
});

test('nothing is left running after closing', async () => {
  const world = brokerUnderTest({ systemTopicInterval: 10 });
  for (const clientId of ['a', 'b', 'c']) {
    const client = await world.connect({
      clientId,
      keepAlive: 60,
      properties: { sessionExpiryInterval: 3600 },
      will: { topic: 'w', properties: { willDelayInterval: 600 } },
    });
    await client.publish('r', 'x', { retain: true, properties: { messageExpiryInterval: 900 } });
    if (clientId === 'b') await client.drop();
  }
  await close(world);
  expect(world.laboratory.clock.pending).toBe(0);
});
