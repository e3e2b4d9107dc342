import type { Decision, DisconnectedEvent, HookFailedEvent, WillEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, Notes, promiseByHand } from '../broker-under-test.ts';

/** A broker whose plugin thinks about the messages to `slow` until it is told. */
function setUp(maximumWaitingPackets = 1000) {
  const answers: ((decision: Decision) => void)[] = [];
  const world = brokerUnderTest(
    { limits: { maximumWaitingPackets } },
    {
      authorizePublish: ({ message }) =>
        message.topic === 'slow' ? new Promise<Decision>((resolve) => answers.push(resolve)) : true,
    },
  );
  const answer = async (decision: Decision = true): Promise<void> => {
    answers.shift()?.(decision);
    await world.laboratory.settle();
  };
  return { ...world, answers, answer };
}

test('while a plugin thinks only that connection waits, and its PINGREQ is answered', async () => {
  const { connect, answer } = setUp();
  const [waiting, other] = [await connect({ clientId: 'waiting' }), await connect({ clientId: 'other' })];
  await other.subscribe('#');
  waiting.publishOnly('slow', '1', { qos: 1 });
  waiting.publishOnly('fast', '2', { qos: 1 });
  await waiting.ping();
  await waiting.expectNothing();
  expect((await other.publish('fast', 'x', { qos: 1 })).reasonCode).toBe(0);
  expect((await other.receiveMessage()).text).toBe('x');
  await answer();
  await waiting.expect('puback', { packetId: 1 });
  await waiting.expect('puback', { packetId: 2 });
  expect((await other.receiveMessage()).text).toBe('1');
  expect((await other.receiveMessage()).text).toBe('2');
});

test('packets of every kind keep their order behind one that waits', async () => {
  const { connect, answer, publish } = setUp();
  const client = await connect();
  client.publishOnly('slow', '', { qos: 1, packetId: 1 });
  client.send({ type: 'subscribe', packetId: 2, subscriptions: ['t'] });
  client.publishOnly('t', 'own', { packetId: 0 });
  client.send({ type: 'unsubscribe', packetId: 3, filters: ['t'] });
  client.publishOnly('slow', '', { qos: 2, packetId: 4 });
  client.send({ type: 'pubrel', packetId: 4 });
  await client.expectNothing();
  await answer();
  expect((await client.receiveAll()).map(({ type }) => type)).toEqual([
    'puback',
    'suback',
    'publish',
    'unsuback',
  ]);
  await answer();
  expect((await client.receiveAll()).map(({ type }) => type)).toEqual(['pubrec', 'pubcomp']);
  await publish('t', 'x');
  await client.expectNothing();
});

test('messages are delivered to a client that waits for a plugin', async () => {
  const { connect, publish } = setUp();
  const client = await connect();
  await client.subscribe('t');
  client.publishOnly('slow', '');
  await publish('t', 'meanwhile');
  expect((await client.receiveMessage()).text).toBe('meanwhile');
});

test('so many packets wait and no more: then the connection is not read from', async () => {
  const { connect, answer, broker } = setUp(10);
  const client = await connect({ clientId: 'c' });
  const before = broker.counters().bytesReceived;
  client.publishOnly('slow', '');
  await client.settle();
  // One packet in one chunk, so that the broker can stop between two of them.
  for (let i = 0; i < 500; i++) {
    client.publishOnly('fast', 'x'.repeat(1000));
    await client.settle();
  }
  const taken = broker.counters().bytesReceived - before;
  expect(taken).toBeLessThan(15_000);
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('fast');
  await answer();
  expect((await watcher.receiveAll()).length).toBe(500);
});

test('a client that is not read from does not lose its connection by keep alive', async () => {
  const { connect, answer, laboratory, broker } = setUp(2);
  const client = await connect({ clientId: 'c', keepAlive: 2 });
  client.publishOnly('slow', '');
  for (let i = 0; i < 5; i++) client.publishOnly('fast', '');
  await client.settle();
  await laboratory.advance(4_000);
  expect(broker.client('c')).toBeDefined();
  await answer();
  await client.ping();
});

test('a malformed packet that came while a plugin thought ends the connection in its turn', async () => {
  const { connect, answer } = setUp();
  const client = await connect();
  client.publishOnly('slow', '', { qos: 1 });
  client.sendBytes('00 00');
  await client.expectNothing();
  await answer();
  await client.expect('puback');
  await client.expectDisconnect(0x81);
});

test('what a client sent before it left in order is still done, and its Will is not sent', async () => {
  const sent = new Notes<WillEvent>();
  const disconnected = new Notes<DisconnectedEvent>();
  const { connect, answer, broker } = setUp();
  broker.use({ name: 'watch', hooks: { willSent: sent.take, disconnected: disconnected.take } });
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  const client = await connect({ clientId: 'c', will: { topic: 'gone' } });
  client.publishOnly('slow', '1');
  client.publishOnly('fast', '2');
  client.publishOnly('slow', '3');
  await client.disconnect();
  await watcher.expectNothing();
  await answer();
  await answer();
  expect((await watcher.receiveAll()).map((packet) => 'topic' in packet && packet.topic)).toEqual([
    'slow',
    'fast',
    'slow',
  ]);
  expect(sent.all).toEqual([]);
  expect(disconnected.all).toMatchObject([{ by: 'client', reasonCode: 0 }]);
  expect(broker.session('c')).toBeUndefined();
});

test('a client that crashed while a plugin thought gets its Will sent in the end', async () => {
  const { connect, answer, broker } = setUp();
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  const client = await connect({ clientId: 'c', will: { topic: 'gone' } });
  client.publishOnly('slow', '1', { qos: 1 });
  await client.settle();
  await client.drop();
  await answer();
  expect((await watcher.receiveAll()).map((packet) => 'topic' in packet && packet.topic).sort()).toEqual([
    'gone',
    'slow',
  ]);
  expect(broker.client('c')).toBeUndefined();
});

test('a QoS 2 message is taken over once, though its client came back while a plugin thought', async () => {
  const { connect, answer } = setUp();
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('slow', { qos: 0 });
  const draft = { clientId: 'c', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
  const first = await connect(draft);
  first.publishOnly('slow', 'once', { qos: 2, packetId: 9 });
  await first.settle();
  await first.drop();
  const second = await connect(draft);
  second.publishOnly('slow', 'once', { qos: 2, packetId: 9, dup: true });
  await second.settle();
  await answer();
  await answer();
  await second.expect('pubrec', { packetId: 9, reasonCode: 0 });
  second.send({ type: 'pubrel', packetId: 9 });
  await second.expect('pubcomp', { packetId: 9, reasonCode: 0 });
  expect((await watcher.receiveAll()).length).toBe(1);
});

test('a plugin that answers in time is heard, one that does not is a no', async () => {
  const failed = new Notes<HookFailedEvent>();
  const { connect, laboratory, broker } = brokerUnderTest({ hookTimeout: 5_000 });
  broker.use({ name: 'watch', hooks: { hookFailed: failed.take } });
  let delay = 0;
  let signal: AbortSignal | undefined;
  const registration = broker.use({
    name: 'slow',
    hooks: {
      authorizePublish: (_, context) => {
        signal = context.signal;
        return new Promise((resolve) => laboratory.clock.schedule(delay, () => resolve(true)));
      },
    },
  });
  const client = await connect();
  delay = 4_999;
  client.publishOnly('t', '', { qos: 1, packetId: 1 });
  await laboratory.advance(4_999);
  await client.expect('puback', { packetId: 1, reasonCode: 0x10 });
  delay = 6_000;
  client.publishOnly('t', '', { qos: 1, packetId: 2 });
  await laboratory.advance(4_999);
  await client.expectNothing();
  expect(signal?.aborted).toBe(false);
  await laboratory.advance(1);
  await client.expect('puback', { packetId: 2, reasonCode: 0x87 });
  expect(signal?.aborted).toBe(true);
  await laboratory.advance(1_000);
  await client.expectNothing();
  expect(failed.all.map(({ plugin, hook, failure }) => [plugin, hook, failure])).toEqual([
    ['slow', 'authorizePublish', 'timed-out'],
    ['slow', 'authorizePublish', 'late-answer'],
  ]);
  expect(registration.stats().hooks.authorizePublish).toEqual({
    calls: 2,
    failures: 0,
    timeouts: 1,
    lateAnswers: 1,
    pending: 0,
  });
});

test('a plugin has its own time limit', async () => {
  const { connect, laboratory, broker } = brokerUnderTest({ hookTimeout: 5_000 });
  broker.use({ name: 'hasty', timeoutMs: 100, hooks: { authorizePublish: () => new Promise(() => {}) } });
  const client = await connect();
  client.publishOnly('t', '', { qos: 1 });
  await laboratory.advance(100);
  await client.expect('puback', { reasonCode: 0x87 });
});

test('an authentication that hangs is refused at the connect time-out, and its late yes means nothing', async () => {
  const answer = promiseByHand<boolean>();
  const { arrive, laboratory, broker } = brokerUnderTest(
    { hookTimeout: 60_000, limits: { connectTimeout: 2_000 } },
    { authenticate: () => answer.promise },
  );
  const client = arrive();
  client.send({ type: 'connect', clientId: 'c' });
  await laboratory.advance(2_000);
  await client.expect('connack', { reasonCode: 0x88 });
  await client.expectClosed();
  answer.resolve(true);
  await laboratory.settle();
  expect([...broker.sessions()]).toEqual([]);
});
