import type { Grant, RefusedEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, Notes } from '../broker-under-test.ts';

const kept = { properties: { sessionExpiryInterval: 100 } };

test('there is nothing to explain about a client without a session', async () => {
  const { broker } = brokerUnderTest();
  expect(await broker.explain('nobody', 'publish', 't')).toMatchObject({
    allowed: false,
    decidedBy: 'session',
    steps: [{ step: 'session', outcome: 'denied' }],
  });
});

test('where nobody decides the default does', async () => {
  const { broker, connect } = brokerUnderTest();
  await connect({ clientId: 'c' });
  for (const action of ['publish', 'subscribe'] as const) {
    expect(await broker.explain('c', action, 't')).toMatchObject({
      allowed: true,
      decidedBy: 'default',
      reasonCode: 0,
    });
  }
});

test('a topic or filter against the rules is explained by its rule', async () => {
  const { broker, connect } = brokerUnderTest();
  await connect({ clientId: 'c' });
  expect(await broker.explain('c', 'publish', 'a/#')).toMatchObject({ allowed: false, reasonCode: 0x90 });
  const subscribe = await broker.explain('c', 'subscribe', 'a/#/b');
  expect(subscribe).toMatchObject({ allowed: false, reasonCode: 0x8f });
  expect(subscribe.decidedBy).toMatch(/^MQTT-|^§/);
  expect(await broker.explain('c', 'publish', '$SYS/broker/uptime')).toMatchObject({
    allowed: false,
    reasonCode: 0x87,
  });
});

test('permissions are named where they decide', async () => {
  const grant: Grant = {
    allow: true,
    mountPoint: 'm/',
    permissions: { publish: ['out/#'], subscribe: ['in/#'], receive: ['in/open'] },
  };
  const { broker, connect } = brokerUnderTest({}, { authenticate: () => grant });
  const client = await connect({ clientId: 'c' });
  await client.subscribe('in/#');
  expect(await broker.explain('c', 'publish', 'out/x')).toMatchObject({ allowed: true });
  expect(await broker.explain('c', 'publish', 'in/x')).toMatchObject({
    allowed: false,
    decidedBy: 'permissions',
  });
  expect(await broker.explain('c', 'subscribe', 'in/+')).toMatchObject({ allowed: true });
  expect(await broker.explain('c', 'subscribe', '#')).toMatchObject({
    allowed: false,
    decidedBy: 'permissions',
  });
  expect(await broker.explain('c', 'receive', 'in/open')).toMatchObject({ allowed: true });
  expect(await broker.explain('c', 'receive', 'in/closed')).toMatchObject({
    allowed: false,
    decidedBy: 'permissions',
  });
});

test('plugins are named where they decide, and are asked as for a packet', async () => {
  const { broker, connect } = brokerUnderTest();
  broker.use({ name: 'undecided', hooks: { authorizePublish: () => undefined } });
  broker.use({
    name: 'acl',
    hooks: {
      authorizePublish: async ({ message, client }) => message.topic === `home/${client?.id}`,
      authorizeSubscribe: ({ subscription }) =>
        subscription.filter.startsWith('home/') || { allow: false, reasonCode: 0x97, reasonString: 'enough' },
      authorizeDeliver: ({ message }) => message.topic !== 'home/secret',
    },
  });
  const client = await connect({ clientId: 'c' });
  await client.subscribe('home/+', { qos: 1 });
  expect(await broker.explain('c', 'publish', 'home/c')).toMatchObject({ allowed: true, decidedBy: 'acl' });
  expect(await broker.explain('c', 'publish', 'home/d')).toMatchObject({
    allowed: false,
    decidedBy: 'acl',
    reasonCode: 0x87,
  });
  const subscribe = await broker.explain('c', 'subscribe', 'else');
  expect(subscribe).toMatchObject({ allowed: false, decidedBy: 'acl', reasonCode: 0x97 });
  expect(subscribe.steps.at(-1)).toMatchObject({ outcome: 'denied', detail: 'enough' });
  expect(await broker.explain('c', 'receive', 'home/secret')).toMatchObject({
    allowed: false,
    decidedBy: 'acl',
  });
  expect(await broker.explain('c', 'receive', 'home/open')).toMatchObject({ allowed: true });
});

test('nobody with an opinion is explained as the default no', async () => {
  const { broker, connect } = brokerUnderTest({}, { authorizePublish: () => undefined });
  await connect({ clientId: 'c' });
  expect(await broker.explain('c', 'publish', 't')).toMatchObject({ allowed: false, decidedBy: 'default' });
});

test('limits are named where they decide', async () => {
  const { broker, connect } = brokerUnderTest({ limits: { maximumSubscriptions: 1 } });
  const client = await connect({ clientId: 'c' });
  await client.subscribe('a');
  expect(await broker.explain('c', 'subscribe', 'b')).toMatchObject({
    allowed: false,
    decidedBy: 'limit:maximumSubscriptions',
    reasonCode: 0x97,
  });
  expect(await broker.explain('c', 'subscribe', 'a')).toMatchObject({ allowed: true });
});

test('receiving is explained by subscription and queue', async () => {
  const { broker, connect, publish } = brokerUnderTest({ limits: { maximumQueuedMessages: 1 } });
  const client = await connect({ clientId: 'c', ...kept });
  await client.subscribe('zero/#');
  await client.subscribe('+/one', { qos: 1 });
  expect(await broker.explain('c', 'receive', 'elsewhere')).toMatchObject({
    allowed: false,
    decidedBy: 'subscription',
  });
  expect(await broker.explain('c', 'receive', 'zero/x')).toMatchObject({ allowed: true });
  await client.disconnect();
  expect(await broker.explain('c', 'receive', 'zero/x')).toMatchObject({
    allowed: false,
    decidedBy: 'queue',
  });
  expect(await broker.explain('c', 'receive', 'zero/one')).toMatchObject({ allowed: true });
  await publish('a/one', 'x', { qos: 1 });
  expect(await broker.explain('c', 'receive', 'zero/one')).toMatchObject({
    allowed: false,
    decidedBy: 'limit:maximumQueuedMessages',
  });
});

test('an explanation changes nothing', async () => {
  const { broker, connect } = brokerUnderTest();
  const client = await connect({ clientId: 'c' });
  await client.subscribe('t');
  const before = broker.counters();
  for (const action of ['publish', 'subscribe', 'receive'] as const) await broker.explain('c', action, 't');
  await client.expectNothing();
  expect(broker.counters()).toEqual(before);
});

test('an explanation gives the words of the plugin that decided', async () => {
  const because = 'line 7 of the rules';
  const refused = new Notes<RefusedEvent>();
  const { broker, connect } = brokerUnderTest(
    {},
    {
      authorizePublish: () => ({ allow: true, because }),
      authorizeSubscribe: ({ subscription: { filter } }) =>
        filter === 't' ? { allow: true, because } : { allow: false, because },
      authorizeDeliver: () => ({ allow: false, because }),
      refused: refused.take,
    },
  );
  const client = await connect({ clientId: 'c' });
  expect((await client.subscribe(['t', 'other'])).properties.reasonString).not.toContain(because);
  expect(refused.all).toMatchObject([{ what: 'subscribe', topic: 'other', by: 'house', reason: because }]);
  expect((await broker.explain('c', 'publish', 't')).steps.at(-1)).toEqual({
    step: 'authorizePublish',
    outcome: 'allowed',
    detail: `allowed by house: ${because}`,
  });
  expect((await broker.explain('c', 'subscribe', 'other')).steps.at(-1)).toMatchObject({ detail: because });
  expect(await broker.explain('c', 'receive', 't')).toMatchObject({ allowed: false, decidedBy: 'house' });
});
