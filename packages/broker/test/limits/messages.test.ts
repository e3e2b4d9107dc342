import type { DroppedEvent, RefusedEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import type { Limits } from '../../src/index.ts';
import { brokerUnderTest, Notes } from '../broker-under-test.ts';

function limited(limits: Partial<Limits>) {
  const refused = new Notes<RefusedEvent>();
  const dropped = new Notes<DroppedEvent>();
  const world = brokerUnderTest({ limits }, { refused: refused.take, dropped: dropped.take });
  return { ...world, refused, dropped };
}

const kept = { cleanStart: false, properties: { sessionExpiryInterval: 100 } };

test('receiveMaximum: announced, and one unfinished message more ends the connection', async () => {
  const { connect } = limited({ receiveMaximum: 3 });
  const client = await connect();
  expect(client.connack.properties.receiveMaximum).toBe(3);
  for (let i = 0; i < 3; i++) client.publishOnly('t', '', { qos: 2 });
  await client.settle();
  expect((await client.receiveAll()).map(({ type }) => type)).toEqual(['pubrec', 'pubrec', 'pubrec']);
  client.publishOnly('t', '', { qos: 2 });
  await client.expectDisconnect(0x93);
});

test('maximumInflight: so many are in flight to a client, whatever it says it takes', async () => {
  const { connect, publish, broker } = limited({ maximumInflight: 2 });
  const client = await connect({ clientId: 'c', properties: { receiveMaximum: 100 } });
  await client.subscribe('t', { qos: 1 });
  for (let i = 0; i < 5; i++) await publish('t', `${i}`, { qos: 1 });
  expect(client.unread).toBe(2);
  expect(broker.session('c')).toMatchObject({ inflight: 2, queued: 3 });
  for (let i = 0; i < 5; i++) expect((await client.receiveMessage()).text).toBe(`${i}`);
  expect(broker.session('c')).toMatchObject({ inflight: 0, queued: 0, queuedBytes: 0 });
});

test('topicAliasMaximum: announced, and an alias above it ends the connection', async () => {
  const { connect } = limited({ topicAliasMaximum: 2 });
  const client = await connect();
  expect(client.connack.properties.topicAliasMaximum).toBe(2);
  await client.publish('t', '', { qos: 1, properties: { topicAlias: 2 } });
  await client.publish('t', '', { properties: { topicAlias: 3 } });
  await client.expectDisconnect(0x94);
});

test('outboundTopicAliasMaximum: the broker sets no more aliases than that', async () => {
  const { connect, publish } = limited({ outboundTopicAliasMaximum: 1 });
  const client = await connect({ properties: { topicAliasMaximum: 10 } });
  await client.subscribe('#');
  for (const topic of ['a', 'b', 'a', 'b']) await publish(topic, '');
  const seen = await client.receiveAll();
  expect(
    seen.map((packet) => packet.type === 'publish' && [packet.topic, packet.properties.topicAlias]),
  ).toEqual([
    ['a', 1],
    ['b', undefined],
    ['', 1],
    ['b', undefined],
  ]);
});

test('maximumQueuedMessages and maximumQueuedBytes: what is beyond them is dropped and told', async () => {
  for (const [limits, reason] of [
    [{ maximumQueuedMessages: 3 }, 'queue-full'],
    [{ maximumQueuedBytes: 3 * 11 }, 'queue-bytes'],
  ] as const) {
    const { connect, publish, dropped, broker } = limited(limits);
    const client = await connect({ clientId: 'c', ...kept });
    await client.subscribe('t', { qos: 2 });
    await client.disconnect();
    for (let i = 0; i < 5; i++) await publish('t', `number ${i}..`, { qos: 1 });
    expect(broker.session('c')).toMatchObject({ queued: 3, queuedBytes: 33 });
    expect(dropped.all.map((event) => event.reason)).toEqual([reason, reason]);
    const back = await connect({ clientId: 'c', ...kept });
    for (let i = 0; i < 3; i++) expect((await back.receiveMessage()).text).toBe(`number ${i}..`);
    await back.expectNothing();
  }
});

test('maximumSubscriptions: a filter that one SUBSCRIBE names again counts once', async () => {
  const { connect } = limited({ maximumSubscriptions: 3 });
  const client = await connect();
  const { reasonCodes } = await client.subscribe(['a', 'a', 'b', 'a', 'c', 'd', 'b', 'd']);
  expect(reasonCodes).toEqual([0, 0, 0, 0, 0, 0x97, 0, 0x97]);
});

test('maximumSubscriptions: one more gets 0x97, one that replaces another does not', async () => {
  const { connect, refused } = limited({ maximumSubscriptions: 3 });
  const client = await connect();
  expect((await client.subscribe(['a', 'b', 'b', 'c', 'd'])).reasonCodes).toEqual([0, 0, 0, 0, 0x97]);
  expect(refused.last).toMatchObject({ what: 'subscribe', topic: 'd', by: 'limit:maximumSubscriptions' });
  expect((await client.subscribe('a', { qos: 1 })).reasonCodes).toEqual([1]);
  await client.unsubscribe('a');
  expect((await client.subscribe('d')).reasonCodes).toEqual([0]);
});

test('maximumTopicLevels: neither topic, filter, Will nor response topic may be deeper', async () => {
  const { connect, arrive, publish } = limited({ maximumTopicLevels: 3 });
  const client = await connect();
  expect((await client.publish('a/b/c', '', { qos: 1 })).reasonCode).toBe(0x10);
  expect((await client.subscribe('a/+/#')).reasonCodes).toEqual([0]);
  await client.publish('a/b/c/d', '');
  await client.take('disconnect', { reasonCode: 0x90 });
  const second = await connect();
  second.send({ type: 'subscribe', packetId: 1, subscriptions: ['a/b/c/#'] });
  await second.expectDisconnect(0x8f);
  expect((await arrive().connectPacket({ will: { topic: 'a/b/c/d' } })).reasonCode).toBe(0x90);
  await expect(publish('a/b/c/d', '')).rejects.toMatchObject({ code: 'OPTION_INVALID', key: 'topic' });
});

test('maximumTopicBytes: bytes are counted, not characters', async () => {
  const { connect } = limited({ maximumTopicBytes: 9 });
  const client = await connect();
  expect((await client.publish('€€€', '', { qos: 1 })).reasonCode).toBe(0x10);
  expect((await client.subscribe('123456789')).reasonCodes).toEqual([0]);
  await client.publish('€€€1', '');
  await client.expectDisconnect(0x90);
});

test('maximumRetainedMessages: a new topic beyond it is not kept; a known one is replaced, a cleared one gives room', async () => {
  const { connect, dropped, broker } = limited({ maximumRetainedMessages: 2 });
  const client = await connect();
  for (const topic of ['a', 'b', 'c']) await client.publish(topic, '1', { retain: true, qos: 1 });
  expect(dropped.all.map(({ reason, message }) => [reason, message.topic])).toEqual([['retained-full', 'c']]);
  await client.publish('b', '2', { retain: true });
  await client.publish('a', '', { retain: true });
  await client.publish('c', '3', { retain: true });
  expect([...broker.retainedMessages('#')].map(({ topic }) => topic).sort()).toEqual(['b', 'c']);
  expect(broker.counters()).toMatchObject({ retainedMessages: 2, retainedBytes: 4 });
});

test('maximumRetainedBytes: what does not fit is not kept, and the old message stays', async () => {
  const { connect, dropped, broker } = limited({ maximumRetainedBytes: 10 });
  const client = await connect();
  await client.publish('a', '12345', { retain: true });
  await client.publish('b', '12345', { retain: true });
  await client.publish('a', '1234567890', { retain: true });
  expect(dropped.all.map(({ message }) => message.topic)).toEqual(['b', 'a']);
  expect(new TextDecoder().decode(broker.retained('a')?.payload)).toBe('12345');
});

test('the $SYS topics count against no limit of retained messages', async () => {
  const { broker, laboratory } = brokerUnderTest({
    systemTopicInterval: 10,
    limits: { maximumRetainedMessages: 1, maximumRetainedBytes: 10 },
  });
  const client = await laboratory.connect(broker);
  await client.publish('a', '1', { retain: true, qos: 1 });
  expect(broker.retained('a')).toBeDefined();
  await client.publish('b', '1', { retain: true, qos: 1 });
  expect(broker.retained('b')).toBeUndefined();
  expect(broker.retained('$SYS/broker/uptime')).toBeDefined();
});
