import type { PublishEvent, PublishedEvent, RefusedEvent, WillEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, Notes } from '../broker-under-test.ts';

const will = { topic: 'gone', payload: 'crashed', qos: 1, retain: true } as const;

test('rewriteWill changes the message, willSent and published tell of it', async () => {
  const sent = new Notes<WillEvent>();
  const published = new Notes<PublishedEvent>();
  const { connect, broker } = brokerUnderTest(
    {},
    {
      rewriteWill: ({ clientId, will: { topic } }) => ({
        topic: `wills/${clientId}/${topic}`,
        payload: new TextEncoder().encode('rewritten'),
        properties: { contentType: 'text/plain' },
      }),
      willSent: sent.take,
      published: published.take,
    },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#', { qos: 2 });
  await (await connect({ clientId: 'c', will })).drop();
  expect(await watcher.receiveMessage()).toMatchObject({
    topic: 'wills/c/gone',
    text: 'rewritten',
    qos: 1,
    properties: { contentType: 'text/plain' },
  });
  expect(broker.retained('wills/c/gone')).toMatchObject({ origin: 'will', publisherId: 'c' });
  expect(sent.all).toMatchObject([{ clientId: 'c', will: { topic: 'wills/c/gone' } }]);
  expect(published.all).toMatchObject([{ message: { topic: 'wills/c/gone' }, receipt: { matched: 1 } }]);
});

test('rewriteWill sees the Will as the client left it', async () => {
  const events = new Notes<WillEvent>();
  const { connect, laboratory } = brokerUnderTest(
    {},
    {
      rewriteWill: (event) => {
        events.take(event);
        return undefined;
      },
    },
  );
  const client = await connect({
    clientId: 'c',
    properties: { sessionExpiryInterval: 100 },
    will: { ...will, properties: { willDelayInterval: 5, contentType: 'a' } },
  });
  await client.drop();
  expect(events.all).toEqual([]);
  await laboratory.advance(5_000);
  expect(events.all).toMatchObject([
    { clientId: 'c', will: { topic: 'gone', qos: 1, retain: true, properties: { contentType: 'a' } } },
  ]);
});

test('rewriteWill null suppresses the Will, for good', async () => {
  const sent = new Notes<WillEvent>();
  const { connect, laboratory, broker } = brokerUnderTest(
    {},
    { rewriteWill: () => null, willSent: sent.take },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  await (await connect({ clientId: 'c', will })).drop();
  await laboratory.advance(1_000_000);
  await watcher.expectNothing();
  expect(broker.retained('gone')).toBeUndefined();
  expect(sent.all).toEqual([]);
});

test('a rewriteWill that fails sends no Will, and says so', async () => {
  const refused = new Notes<RefusedEvent>();
  const { connect } = brokerUnderTest(
    {},
    { rewriteWill: () => Promise.reject(new Error('broken')), refused: refused.take },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  await (await connect({ clientId: 'c', will })).drop();
  await watcher.expectNothing();
  expect(refused.all).toMatchObject([{ what: 'publish', clientId: 'c', by: 'house', topic: 'gone' }]);
});

test('a Will goes through the publish hooks under the name of its client', async () => {
  const events = new Notes<PublishEvent>();
  const refused = new Notes<RefusedEvent>();
  const { connect } = brokerUnderTest(
    {},
    {
      authorizePublish: (event) => {
        events.take(event);
        return event.message.topic !== 'forbidden';
      },
      refused: refused.take,
    },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  await (await connect({ clientId: 'c', username: 'anna', will })).drop();
  expect((await watcher.receiveMessage()).topic).toBe('gone');
  expect(events.last).toMatchObject({ client: { id: 'c', identity: 'anna' }, message: { origin: 'will' } });
  await (await connect({ clientId: 'c', will: { ...will, topic: 'forbidden' } })).drop();
  await watcher.expectNothing();
  expect(refused.last).toMatchObject({ what: 'publish', clientId: 'c', topic: 'forbidden', by: 'house' });
});

test('a Will is published once its hooks have answered by promise', async () => {
  const { connect } = brokerUnderTest(
    {},
    {
      rewriteWill: async () => ({ payload: new TextEncoder().encode('later') }),
      authorizePublish: async () => true,
      commitPublish: async () => {},
    },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  await (await connect({ clientId: 'c', will })).drop();
  expect((await watcher.receiveMessage()).text).toBe('later');
});

test('a Will that is rewritten to a topic with too many levels is not sent, and told as refused', async () => {
  const refused = new Notes<RefusedEvent>();
  const { connect } = brokerUnderTest(
    { limits: { maximumTopicLevels: 3 } },
    { rewriteWill: () => ({ topic: 'a/b/c/d' }), refused: refused.take },
  );
  const watcher = await connect();
  await watcher.subscribe('#');
  const mortal = await connect({ will: { topic: 'a/b', payload: 'bye' } });
  await mortal.drop();
  await watcher.expectNothing();
  expect(refused.all).toMatchObject([
    { what: 'publish', reasonCode: 0x90, by: 'rewriteWill', topic: 'a/b/c/d' },
  ]);
});

test('a Will is asked about at CONNECT: what is not allowed then is not kept', async () => {
  const asked = new Notes<PublishEvent>();
  const refused = new Notes<RefusedEvent>();
  let allow = false;
  const { connect } = brokerUnderTest(
    {},
    {
      authorizePublish: (event) => {
        asked.take(event);
        return { allow, because: 'rule 7' };
      },
      refused: refused.take,
    },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  const client = await connect({ clientId: 'c', username: 'ann', will });
  expect(asked.all).toMatchObject([
    {
      message: { topic: 'gone', origin: 'will' },
      publisher: { id: 'c', identity: 'ann' },
      client: { id: 'c' },
    },
  ]);
  expect(refused.all).toMatchObject([
    { what: 'publish', clientId: 'c', topic: 'gone', reasonCode: 0x87, by: 'house' },
  ]);
  expect(refused.last?.reason).toBe('the Will is not kept: rule 7');
  allow = true;
  await client.drop();
  await watcher.expectNothing();
});

test('a Will that was allowed at CONNECT is asked about again when it is due', async () => {
  let allow = true;
  const { connect, broker } = brokerUnderTest({}, { authorizePublish: () => allow });
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  const client = await connect({ clientId: 'c', will });
  allow = false;
  await client.drop();
  await watcher.expectNothing();
  expect(broker.retained('gone')).toBeUndefined();
});

test('a plugin that fails over a Will keeps it from being sent, and the client may connect', async () => {
  const refused = new Notes<RefusedEvent>();
  const { connect } = brokerUnderTest(
    {},
    {
      authorizePublish: () => Promise.reject(new Error('the table is away')),
      refused: refused.take,
    },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  await (await connect({ clientId: 'c', will })).drop();
  await watcher.expectNothing();
  expect(refused.all).toMatchObject([{ what: 'publish', topic: 'gone', by: 'house' }]);
});
