import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { recordDrops } from '../drops.ts';
import { messagesIn, textsIn } from '../messages.ts';

test('[MQTT-3.3.1-5] a retained message replaces the one before', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'one', { retain: true, qos: 1, properties: { contentType: 'first' } });
  await alice.publish('a', 'two', { retain: true, qos: 2 });
  await alice.publish('b', 'other', { retain: true });

  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const message = await bob.receiveMessage();
  expect(message).toMatchObject({ topic: 'a', text: 'two', qos: 2, retain: true, properties: {} });
  await bob.expectNothing();
});

test('[MQTT-3.3.1-5] a retained message outlives the session of its publisher', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'one', { retain: true });
  await alice.disconnect();

  const bob = await connect('bob');
  await bob.subscribe('a');
  expect((await bob.receiveMessage()).text).toBe('one');
});

test('[MQTT-3.3.1-6] an empty retained message is passed on, and clears what was retained', async () => {
  const { connect, broker } = world();
  const alice = await connect('alice');
  const present = await connect('present');
  await present.subscribe('a', { qos: 1, retainAsPublished: true });
  await alice.publish('a', 'one', { retain: true });
  await present.receiveMessage();

  await alice.publish('a', '', { retain: true, qos: 1 });
  await present.expect('publish', { topic: 'a', payload: new Uint8Array(), retain: true, qos: 1 });
  expect(broker.retained('a')).toBeUndefined();

  const later = await connect('later');
  await later.subscribe('a');
  await later.expectNothing();
});

test('[MQTT-3.3.1-7] an empty message is not retained, where there was none before either', async () => {
  const { connect, broker } = world();
  const alice = await connect('alice');
  await alice.publish('a', '', { retain: true, qos: 1 });
  expect(broker.retained('a')).toBeUndefined();
  const bob = await connect('bob');
  await bob.subscribe('#');
  await bob.expectNothing();
});

test('[MQTT-3.3.1-8] with RETAIN 0 a message neither sets, replaces nor clears a retained one', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('set', 'kept', { retain: true });
  await alice.publish('set', 'passing');
  await alice.publish('set', '');
  await alice.publish('unset', 'passing');

  const bob = await connect('bob');
  await bob.subscribe('#');
  expect(textsIn(await bob.receiveAll())).toEqual(['kept']);
});

test('[MQTT-3.3.1-9, §3.8.3.1] a retained message has RETAIN 1 for a new subscription, whatever Retain As Published says', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { retain: true });
  const bob = await connect('bob');
  await bob.subscribe('a', { retainAsPublished: false });
  await bob.expect('publish', { topic: 'a', retain: true });
  const carol = await connect('carol');
  await carol.subscribe('a', { retainAsPublished: true });
  await carol.expect('publish', { topic: 'a', retain: true });
});

test('[MQTT-3.8.4-8] a retained message comes at the lower of its own QoS and the grant', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const qos of [0, 1, 2] as const) await alice.publish(`q${qos}`, 'x', { retain: true, qos });
  const bob = await connect('bob');
  for (const granted of [0, 1, 2] as const) {
    await bob.subscribe('+', { qos: granted });
    const qosByTopic = new Map(messagesIn(await bob.receiveAll()).map(({ topic, qos }) => [topic, qos]));
    expect(qosByTopic).toEqual(
      new Map([
        ['q0', 0],
        ['q1', Math.min(1, granted)],
        ['q2', granted],
      ]),
    );
  }
});

test('[§3.8.2.1.2] a retained message carries the identifier of the subscription that asked for it', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { retain: true });
  const bob = await connect('bob');
  await bob.subscribe('+', { properties: { subscriptionIdentifier: 5 } });
  await bob.expect('publish', { topic: 'a', properties: { subscriptionIdentifiers: [5] } });
  await bob.subscribe('#', { properties: { subscriptionIdentifier: 6 } });
  await bob.expect('publish', { topic: 'a', properties: { subscriptionIdentifiers: [6] } });
  await bob.expectNothing();
});

test('[MQTT-3.3.2-17] all properties that are passed on are retained with the message', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  const properties = {
    payloadFormatIndicator: 1,
    contentType: 'text/plain',
    responseTopic: 'answers',
    correlationData: new Uint8Array([0, 255]),
    userProperties: [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
    ],
  } as const;
  await alice.publish('a', 'x', { retain: true, properties: { ...properties, topicAlias: 1 } });
  const bob = await connect('bob');
  await bob.subscribe('a');
  const message = await bob.receiveMessage();
  expect(message.properties).toEqual(properties);
});

test('[MQTT-3.3.2-5, MQTT-3.3.2-6] a retained message goes out with what is left of its interval, and is gone with it', async () => {
  const { connect, laboratory, broker } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { retain: true, properties: { messageExpiryInterval: 100 } });

  await laboratory.advance(99_000);
  const bob = await connect('bob');
  await bob.subscribe('a');
  await bob.expect('publish', { retain: true, properties: { messageExpiryInterval: 1 } });

  await laboratory.advance(1_000);
  expect(broker.retained('a')).toBeUndefined();
  const carol = await connect('carol');
  await carol.subscribe('a');
  await carol.expectNothing();
});

test('[MQTT-3.3.2-6] the interval of a new retained message replaces that of the old one', async () => {
  const { connect, laboratory } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'old', { retain: true, properties: { messageExpiryInterval: 10 } });
  await alice.publish('a', 'new', { retain: true });
  await laboratory.advance(20_000);
  const bob = await connect('bob');
  await bob.subscribe('a');
  expect((await bob.receiveMessage()).text).toBe('new');
});

test('[§3.3.1.3] wildcards fetch every retained message that they match, and no other', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const topic of ['a', 'a/b', 'a/b/c', 'a//c', '/a', 'b'])
    await alice.publish(topic, 'x', { retain: true });
  const found = async (filter: string) => {
    const client = await connect();
    await client.subscribe(filter);
    return messagesIn(await client.receiveAll())
      .map(({ topic }) => topic)
      .sort();
  };
  expect(await found('a/#')).toEqual(['a', 'a/b', 'a/b/c', 'a//c'].sort());
  expect(await found('a/+/c')).toEqual(['a//c', 'a/b/c']);
  expect(await found('+/a')).toEqual(['/a']);
  expect(await found('+')).toEqual(['a', 'b']);
  expect(await found('a/b')).toEqual(['a/b']);
});

test('[MQTT-4.7.2-1] a filter that begins with a wildcard fetches no retained message of a $ topic', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('$other/a', 'x', { retain: true });
  const bob = await connect('bob');
  await bob.subscribe(['#', '+/a', '+/#']);
  await bob.expectNothing();
  await bob.subscribe('$other/#');
  await bob.expect('publish', { topic: '$other/a', retain: true });
});

test('[MQTT-3.8.3-3] (open) No Local holds back a retained message of one’s own too', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'mine', { retain: true });
  const bob = await connect('bob');
  await bob.publish('b', 'his', { retain: true });
  await alice.subscribe('+', { noLocal: true });
  expect(textsIn(await alice.receiveAll())).toEqual(['his']);
});

test('[§3.3.1.3] beyond the limit for retained messages one is passed on and not kept, and that is told', async () => {
  const { connect, broker } = world({ limits: { maximumRetainedMessages: 1 } });
  const drops = recordDrops(broker);
  const bob = await connect('bob');
  await bob.subscribe('#');
  const alice = await connect('alice');
  await alice.publish('a', 'kept', { retain: true });
  await alice.publish('b', 'too many', { retain: true });
  expect(textsIn(await bob.receiveAll())).toEqual(['kept', 'too many']);
  expect(drops).toEqual([{ reason: 'retained-full', clientId: undefined, text: 'too many' }]);
  expect(broker.retained('b')).toBeUndefined();

  // One that takes the place of another needs no more room.
  await alice.publish('a', 'kept anew', { retain: true });
  expect(drops).toHaveLength(1);
  const carol = await connect('carol');
  await carol.subscribe('#');
  expect(textsIn(await carol.receiveAll())).toEqual(['kept anew']);
});
