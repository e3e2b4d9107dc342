import {
  deny,
  type HookFailedEvent,
  type PluginHooks,
  type PublishEvent,
  type PublishedEvent,
  type RefusedEvent,
} from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, FailingStore, Notes, promiseByHand } from '../broker-under-test.ts';

test('authorizePublish sees the message and its publisher, and is not asked for the host', async () => {
  const events = new Notes<PublishEvent>();
  const { connect, publish, laboratory } = brokerUnderTest(
    {},
    {
      authorizePublish: (event) => {
        events.take(event);
        return true;
      },
    },
  );
  const client = await connect({ clientId: 'anna', username: 'a' });
  await client.publish('t', 'hello', { qos: 1, retain: true, properties: { contentType: 'text/plain' } });
  await publish('t', 'from the host');
  expect(events.all).toHaveLength(1);
  expect(events.last).toMatchObject({
    client: { id: 'anna', identity: 'a' },
    message: {
      topic: 't',
      qos: 1,
      retain: true,
      origin: 'client',
      publisherId: 'anna',
      properties: { contentType: 'text/plain' },
      receivedAt: laboratory.clock.now(),
    },
  });
});

test('authorizePublish is asked for what a bridge publishes', async () => {
  const { publish } = brokerUnderTest({}, { authorizePublish: ({ message }) => message.origin !== 'bridge' });
  await expect(publish('t', 'x', { origin: 'bridge', publisherId: 'b' })).rejects.toMatchObject({
    name: 'PublishError',
    code: 'PUBLISH_REFUSED',
    reasonCode: 0x87,
    by: 'house',
  });
});

const refusals: readonly [what: string, hooks: PluginHooks, reasonCode: number, words?: string][] = [
  ['authorizePublish says no', { authorizePublish: () => false }, 0x87],
  ['authorizePublish has no opinion', { authorizePublish: () => undefined }, 0x87],
  ['authorizePublish says why', { authorizePublish: () => deny(0x97, 'too much') }, 0x97, 'too much'],
  ['authorizePublish says so later', { authorizePublish: async () => deny(0x99) }, 0x99],
  [
    'authorizePublish answers with a reason that PUBACK cannot carry',
    { authorizePublish: () => deny(0x8e) },
    0x87,
  ],
  [
    'rewritePublish throws',
    {
      rewritePublish: () => {
        throw new Error('broken');
      },
    },
    0x80,
  ],
  ['rewritePublish answers a topic with a wildcard', { rewritePublish: () => ({ topic: 'a/#' }) }, 0x80],
  [
    'commitPublish refuses',
    { commitPublish: () => deny(0x83, 'the database is full') },
    0x83,
    'the database is full',
  ],
  ['commitPublish rejects', { commitPublish: (): Promise<void> => Promise.reject(new Error('lost')) }, 0x80],
];

for (const [what, hooks, reasonCode, words] of refusals) {
  test(`${what}: MQTT 5.0 is told, MQTT 3 is not, and the message reaches nobody`, async () => {
    // Before MQTT 5.0 a "no" is acknowledged as usual; what only failed this time closes, to be sent again.
    const isNo = what.startsWith('authorizePublish') && !what.endsWith('cannot carry');
    const refused = new Notes<RefusedEvent>();
    const published = new Notes<PublishedEvent>();
    const { connect, broker } = brokerUnderTest(
      {},
      { ...hooks, refused: refused.take, published: published.take },
    );
    const watcher = await connect({ clientId: 'watcher' });
    await watcher.subscribe('#', { qos: 2 });
    const five = await connect({ clientId: 'five' });
    const puback = await five.publish('t', 'x', { qos: 1, retain: true });
    expect(puback.reasonCode).toBe(reasonCode);
    if (words !== undefined) expect(puback.properties.reasonString).toBe(words);
    expect(await five.publish('t', 'x', { qos: 2 })).toMatchObject({ type: 'pubrec', reasonCode });
    await five.publish('t', 'x');
    for (const qos of [1, 2] as const) {
      const four = await connect({ clientId: 'four', protocolVersion: 4 });
      if (isNo) await four.publish('t', 'x', { qos });
      else {
        four.publishOnly('t', 'x', { qos });
        await four.expectClosed();
      }
    }
    await watcher.expectNothing();
    expect(broker.retained('t')).toBeUndefined();
    expect(published.all).toEqual([]);
    expect(refused.all).toHaveLength(5);
    expect(refused.last).toMatchObject({ what: 'publish', topic: 't', clientId: 'four', reasonCode });
  });
}

test('a packet identifier is free again after a QoS 2 message was refused', async () => {
  let mayPublish = false;
  const { connect } = brokerUnderTest({}, { authorizePublish: () => mayPublish });
  const client = await connect();
  expect((await client.publish('t', 'x', { qos: 2, packetId: 5 })).reasonCode).toBe(0x87);
  mayPublish = true;
  await client.subscribe('t', { qos: 1 });
  expect((await client.publish('t', 'y', { qos: 2, packetId: 5 })).reasonCode).toBe(0);
  expect((await client.receiveMessage()).text).toBe('y');
});

test('rewritePublish changes every part of a message', async () => {
  const { connect, broker } = brokerUnderTest(
    {},
    {
      rewritePublish: ({ message }) => ({
        topic: `new/${message.topic}`,
        payload: new TextEncoder().encode('other'),
        qos: 1,
        retain: true,
        properties: { contentType: 'text/plain', messageExpiryInterval: 60 },
      }),
    },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('new/#', { qos: 2 });
  const client = await connect({ clientId: 'c' });
  await client.publish('t', 'x', { properties: { userProperties: [['gone', '1']] } });
  expect(await watcher.receiveMessage()).toMatchObject({
    topic: 'new/t',
    text: 'other',
    qos: 1,
    properties: { contentType: 'text/plain', messageExpiryInterval: 60 },
  });
  expect(broker.retained('new/t')?.properties).toEqual({
    contentType: 'text/plain',
    messageExpiryInterval: 60,
  });
});

test('a topic that a plugin wrote is authorized again', async () => {
  const asked: string[] = [];
  const { connect } = brokerUnderTest(
    {},
    {
      rewritePublish: () => ({ topic: 'secret' }),
      authorizePublish: ({ message }) => {
        asked.push(message.topic);
        return message.topic !== 'secret';
      },
    },
  );
  const client = await connect();
  expect((await client.publish('open', 'x', { qos: 1 })).reasonCode).toBe(0x87);
  expect(asked).toEqual(['open', 'secret']);
});

test('a topic that a plugin wrote against the rules is named as the fault of the plugin', async () => {
  const failed = new Notes<HookFailedEvent>();
  const { connect, broker, laboratory } = brokerUnderTest();
  broker.use({ name: 'watch', hooks: { hookFailed: failed.take } });
  broker.use({ name: 'bad-writer', hooks: { rewritePublish: () => ({ topic: 'a/+/b' }) } });
  const client = await connect();
  const puback = await client.publish('t', 'x', { qos: 1 });
  expect(puback.reasonCode).toBe(0x80);
  await client.ping();
  expect(failed.all).toHaveLength(1);
  expect(failed.last).toMatchObject({
    plugin: 'bad-writer',
    hook: 'rewritePublish',
    failure: 'impossible-answer',
  });
  expect(failed.last?.error.message).toMatch(/bad-writer.*rewritePublish.*topic/s);
  expect(laboratory.logger.messages('error').join()).toContain('bad-writer');
});

test('a topic that a plugin made too deep is refused like one of a client', async () => {
  const { connect } = brokerUnderTest(
    { limits: { maximumTopicLevels: 4 } },
    { rewritePublish: () => ({ topic: 'a/b/c/d/e' }) },
  );
  const client = await connect();
  expect((await client.publish('t', 'x', { qos: 1 })).reasonCode).toBe(0x90);
});

test('commitPublish is waited for before the acknowledgement and before anybody sees the message', async () => {
  const commit = promiseByHand<undefined>();
  const { connect, laboratory } = brokerUnderTest({}, { commitPublish: () => commit.promise });
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('t', { qos: 1 });
  const client = await connect({ clientId: 'c' });
  client.publishOnly('t', 'x', { qos: 1 });
  await client.expectNothing();
  await watcher.expectNothing();
  commit.resolve(undefined);
  await laboratory.settle();
  await client.expect('puback', { reasonCode: 0 });
  expect((await watcher.receiveMessage()).text).toBe('x');
});

test('rewriteRetained keeps another message than the one that is delivered', async () => {
  const { connect, broker } = brokerUnderTest(
    {},
    { rewriteRetained: () => ({ payload: new TextEncoder().encode('kept') }) },
  );
  const client = await connect();
  await client.subscribe('t');
  await client.publish('t', 'live', { retain: true });
  expect((await client.receiveMessage()).text).toBe('live');
  expect(new TextDecoder().decode(broker.retained('t')?.payload)).toBe('kept');
});

test('rewriteRetained null delivers a message without keeping it', async () => {
  const { connect, broker } = brokerUnderTest({}, { rewriteRetained: () => null });
  const client = await connect();
  await client.subscribe('t');
  expect((await client.publish('t', 'live', { retain: true, qos: 1 })).reasonCode).toBe(0);
  expect((await client.receiveMessage()).text).toBe('live');
  expect(broker.retained('t')).toBeUndefined();
});

test('rewriteRetained keeps nothing under a topic that has too many levels', async () => {
  const { connect, broker } = brokerUnderTest(
    { limits: { maximumTopicLevels: 3 } },
    { rewriteRetained: () => ({ topic: 'a/b/c/d' }) },
  );
  const client = await connect();
  const answer = await client.publish('a/b', 'x', { qos: 1, retain: true });
  expect(answer).toMatchObject({ reasonCode: 0x90 });
  expect([...broker.retainedMessages('#')]).toEqual([]);
});

test('a failing rewriteRetained refuses the message', async () => {
  const { connect, broker } = brokerUnderTest(
    {},
    {
      rewriteRetained: () => {
        throw new Error('broken');
      },
    },
  );
  const client = await connect();
  await client.subscribe('t');
  expect((await client.publish('t', 'x', { qos: 1, retain: true })).reasonCode).toBe(0x80);
  await client.expectNothing();
  expect(broker.retained('t')).toBeUndefined();
});

test('published tells what became of a message, at every QoS', async () => {
  const published = new Notes<PublishedEvent>();
  const { connect, publish } = brokerUnderTest({}, { published: published.take });
  const here = await connect({ clientId: 'here' });
  await here.subscribe('t', { qos: 2 });
  const away = await connect({ clientId: 'away', properties: { sessionExpiryInterval: 100 } });
  await away.subscribe('t', { qos: 2 });
  await away.disconnect();
  const client = await connect({ clientId: 'c' });
  for (const qos of [0, 1, 2] as const) await client.publish('t', 'x', { qos });
  await publish('t', 'x', { qos: 2 });
  const queued = { matched: 2, sent: 1, queued: 1, dropped: [] };
  expect(published.all.map(({ receipt }) => receipt)).toEqual([
    { matched: 2, sent: 1, queued: 0, dropped: [{ reason: 'offline', clientId: 'away' }] },
    queued,
    queued,
    queued,
  ]);
  expect(published.all.map(({ client: by }) => by?.id)).toEqual(['c', 'c', 'c', undefined]);
});

test('what the store did not take is not told as published', async () => {
  const published = new Notes<PublishedEvent>();
  const store = new FailingStore();
  const { connect } = brokerUnderTest({ persistence: store }, { published: published.take });
  const client = await connect();
  store.fails = true;
  expect((await client.publish('t', 'x', { qos: 1, retain: true })).reasonCode).toBe(0x80);
  expect(published.all).toEqual([]);
  store.fails = false;
  expect((await client.publish('t', 'x', { qos: 1, retain: true })).reasonCode).toBe(0x10);
  expect(published.all).toHaveLength(1);
});
