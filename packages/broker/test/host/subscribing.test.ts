import type { DroppedEvent, ReceivedMessage } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, Notes, promiseByHand, untyped } from '../broker-under-test.ts';

test('a handler gets message, text, JSON and the parameters of its filter', async () => {
  const received = new Notes<ReceivedMessage>();
  const { broker, connect } = brokerUnderTest();
  broker.subscribe('rooms/{room}/+/#', received.take);
  const client = await connect({ clientId: 'c' });
  await client.publish('rooms/12/lamp/a/b', '{"on":true}', { qos: 1, properties: { contentType: 'json' } });
  expect(received.all).toHaveLength(1);
  expect(received.last).toMatchObject({
    topic: 'rooms/12/lamp/a/b',
    qos: 1,
    retained: false,
    publisherId: 'c',
    properties: { contentType: 'json' },
    parameters: { room: '12' },
  });
  expect(received.last?.text()).toBe('{"on":true}');
  expect(received.last?.json()).toEqual({ on: true });
});

test('json throws a SyntaxError for what is none', async () => {
  const received = new Notes<ReceivedMessage>();
  const { broker, publish } = brokerUnderTest();
  broker.subscribe('t', received.take);
  await publish('t', 'not json');
  expect(() => received.last?.json()).toThrow(SyntaxError);
});

test('a handler gets retained messages first, unless it does not want them', async () => {
  const { broker, publish, laboratory } = brokerUnderTest();
  await publish('a', '1', { retain: true });
  await publish('b', '2', { retain: true });
  const [all, none] = [new Notes<ReceivedMessage>(), new Notes<ReceivedMessage>()];
  broker.subscribe('#', all.take);
  broker.subscribe('#', none.take, { retainHandling: 2 });
  await laboratory.settle();
  expect(all.all.map(({ topic, retained }) => [topic, retained]).sort()).toEqual([
    ['a', true],
    ['b', true],
  ]);
  await publish('c', '3', { retain: true });
  expect(all.last).toMatchObject({ topic: 'c', retained: false });
  expect(none.all.map(({ topic }) => topic)).toEqual(['c']);
});

test('QoS is lowered to what the handler asks for', async () => {
  const received = new Notes<ReceivedMessage>();
  const { broker, publish } = brokerUnderTest();
  broker.subscribe('t', received.take, { qos: 1 });
  await publish('t', '', { qos: 2 });
  expect(received.last?.qos).toBe(1);
});

test('handlers and clients share a group', async () => {
  const received = new Notes<ReceivedMessage>();
  const { broker, publish, connect, laboratory } = brokerUnderTest();
  await publish('jobs', 'retained', { retain: true });
  broker.subscribe('$share/g/jobs', received.take);
  const client = await connect();
  await client.subscribe('$share/g/jobs');
  await laboratory.settle();
  expect(received.all).toEqual([]);
  for (let i = 0; i < 6; i++) await publish('jobs', `${i}`);
  expect([received.all.length, client.unread]).toEqual([3, 3]);
});

test('noLocal leaves out what this process published under the same name', async () => {
  const received = new Notes<ReceivedMessage>();
  const { broker, publish } = brokerUnderTest();
  broker.subscribe('t', received.take, { noLocal: true, publisherId: 'me' });
  await publish('t', 'mine', { publisherId: 'me' });
  await publish('t', 'anonymous');
  await publish('t', 'yours', { publisherId: 'you' });
  expect(received.all.map((message) => message.text())).toEqual(['anonymous', 'yours']);
});

test('a handler sees one message at a time, in order', async () => {
  const gates = [promiseByHand<void>(), promiseByHand<void>(), promiseByHand<void>()];
  const seen: string[] = [];
  const { broker, publish, laboratory } = brokerUnderTest();
  const subscription = broker.subscribe('t', async (message) => {
    seen.push(`begin ${message.text()}`);
    await gates[Number(message.text())]?.promise;
    seen.push(`end ${message.text()}`);
  });
  for (const text of ['0', '1', '2']) await publish('t', text);
  expect(seen).toEqual(['begin 0']);
  expect(subscription.queued).toBe(2);
  for (const gate of gates) gate.resolve();
  await laboratory.settle();
  expect(seen).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
});

test('a slow handler loses messages beyond its queue and is told of; everybody else gets them all', async () => {
  const dropped = new Notes<DroppedEvent>();
  const quick = new Notes<ReceivedMessage>();
  const { broker, publish, connect } = brokerUnderTest({}, { dropped: dropped.take });
  broker.subscribe('t', () => new Promise(() => {}), { maximumQueuedMessages: 3 });
  broker.subscribe('t', quick.take);
  const client = await connect();
  await client.subscribe('t');
  for (let i = 0; i < 10; i++) await publish('t', `${i}`);
  expect(quick.all).toHaveLength(10);
  expect(client.unread).toBe(10);
  expect(dropped.all.map(({ reason }) => reason)).toEqual(new Array(6).fill('handler-full'));
});

test('a handler that throws or rejects harms only itself, and goes on', async () => {
  const seen: string[] = [];
  const { broker, publish, connect, laboratory } = brokerUnderTest();
  broker.subscribe('t', (message) => {
    seen.push(message.text());
    if (message.text() === 'throw') throw new Error('thrown');
    return message.text() === 'reject' ? Promise.reject(new Error('rejected')) : undefined;
  });
  const client = await connect();
  await client.subscribe('t');
  for (const text of ['throw', 'reject', 'fine']) await publish('t', text, { qos: 1 });
  expect(seen).toEqual(['throw', 'reject', 'fine']);
  expect(client.unread).toBe(3);
  expect(laboratory.logger.messages('error')).toEqual([
    'a message handler failed',
    'a message handler failed',
  ]);
});

test('unsubscribe ends it at once, whatever still waits', async () => {
  const received = new Notes<ReceivedMessage>();
  const gate = promiseByHand<void>();
  const { broker, publish, laboratory } = brokerUnderTest();
  const subscription = broker.subscribe('t', (message) => {
    received.take(message);
    return gate.promise;
  });
  for (let i = 0; i < 3; i++) await publish('t', `${i}`);
  subscription.unsubscribe();
  subscription.unsubscribe();
  gate.resolve();
  await laboratory.settle();
  expect(received.all).toHaveLength(1);
  expect(broker.counters().subscriptions).toBe(0);
  expect(await publish('t', '')).toMatchObject({ matched: 0 });
});

test('a handler may unsubscribe, subscribe and publish from inside', async () => {
  const seen: string[] = [];
  const { broker, publish, laboratory } = brokerUnderTest();
  const subscription = broker.subscribe('t', (message) => {
    seen.push(`outer ${message.text()}`);
    subscription.unsubscribe();
    broker.subscribe('t', (inner) => void seen.push(`inner ${inner.text()}`));
    void broker.publish('t', 'second');
  });
  await publish('t', 'first');
  await laboratory.settle();
  expect(seen).toEqual(['outer first', 'inner second']);
});

test('a QoS 2 message reaches a handler once it is stored, and never when it is not', async () => {
  const received = new Notes<ReceivedMessage>();
  const { broker, connect } = brokerUnderTest();
  broker.subscribe('t', received.take);
  const client = await connect();
  await client.publish('t', 'x', { qos: 2 });
  expect(received.all).toHaveLength(1);
});

for (const [what, filter, options] of [
  ['a filter that cannot be', 'a/#/b', {}],
  ['a parameter without a name', 'a/{}/b', {}],
  ['a queue of no length', 't', { maximumQueuedMessages: 0 }],
  ['a QoS of 3', 't', untyped({ qos: 3 })],
  ['a retain handling of 3', 't', untyped({ retainHandling: 3 })],
  ['noLocal in a share group', '$share/g/t', { noLocal: true }],
] as const) {
  test(`${what} is the host's mistake, thrown where it was made`, () => {
    const { broker } = brokerUnderTest();
    expect(() => broker.subscribe(filter, () => {}, options)).toThrow();
    expect(broker.counters().subscriptions).toBe(0);
  });
}

test('messages() gives a loop everything that matches, in order', async () => {
  const { broker, publish, laboratory } = brokerUnderTest();
  await publish('t/0', '0', { retain: true });
  const seen: string[] = [];
  const loop = (async () => {
    for await (const message of broker.messages('t/{n}')) {
      const { n } = message.parameters;
      seen.push(`${n} ${message.text()}`);
      if (seen.length === 4) break;
    }
  })();
  await laboratory.settle();
  for (const n of [1, 2, 3, 4]) await publish(`t/${n}`, `${n}`);
  await loop;
  expect(seen).toEqual(['0 0', '1 1', '2 2', '3 3']);
  expect(broker.counters().subscriptions).toBe(0);
});

test('a loop that does not keep up has a bounded queue', async () => {
  const { broker, publish } = brokerUnderTest();
  const stream = broker.messages('t', { maximumQueuedMessages: 2 });
  const receipts = [];
  for (let i = 0; i < 5; i++) receipts.push(await publish('t', `${i}`));
  expect(receipts.map(({ dropped }) => dropped.length)).toEqual([0, 0, 0, 1, 1]);
  await stream[Symbol.asyncDispose]();
  expect(broker.counters().subscriptions).toBe(0);
});

test('end() finishes the loop after what has already arrived, and takes nothing new', async () => {
  const { broker, publish, laboratory } = brokerUnderTest();
  const stream = broker.messages('t');
  for (let i = 0; i < 3; i++) await publish('t', `${i}`);
  stream.end();
  await publish('t', 'too late');
  const seen: string[] = [];
  const loop = (async () => {
    for await (const message of stream) seen.push(message.text());
  })();
  await laboratory.settle();
  await loop;
  expect(seen).toEqual(['0', '1', '2']);
  expect(broker.counters().subscriptions).toBe(0);
});

test('several who wait for the next message get one each', async () => {
  const { broker, publish } = brokerUnderTest();
  const stream = broker.messages('t');
  const waiting = [stream.next(), stream.next()];
  await publish('t', '1');
  await publish('t', '2');
  const texts = (await Promise.all(waiting)).map(({ value }) => value?.text());
  expect(texts).toEqual(['1', '2']);
  const last = stream.next();
  stream.end();
  expect(await last).toEqual({ done: true, value: undefined });
});

test('a loop ends when the broker closes', async () => {
  const { broker, laboratory } = brokerUnderTest();
  let isOver = false;
  const loop = (async () => {
    for await (const message of broker.messages('t')) void message;
    isOver = true;
  })();
  await laboratory.settle();
  const closed = broker.close();
  await laboratory.settle();
  await closed;
  expect(isOver).toBe(true);
  await loop;
});
