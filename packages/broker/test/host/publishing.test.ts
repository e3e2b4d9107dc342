import type { PublishOptions } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { PublishError } from '../../src/index.ts';
import { brokerUnderTest, FailingStore, promiseByHand, untyped } from '../broker-under-test.ts';

const kept = { properties: { sessionExpiryInterval: 100 } };

test('the receipt says how many matched, were sent, were queued and were dropped, and why', async () => {
  const { connect, publish, broker } = brokerUnderTest({ limits: { maximumQueuedMessages: 1 } });
  const [here, away, full, tiny] = [
    await connect({ clientId: 'here' }),
    await connect({ clientId: 'away', ...kept }),
    await connect({ clientId: 'full', ...kept }),
    await connect({ clientId: 'tiny', properties: { maximumPacketSize: 20 } }),
  ];
  for (const client of [here, away, full, tiny]) await client.subscribe('t/+', { qos: 1 });
  await full.subscribe('other', { qos: 1 });
  const member = await connect({ clientId: 'member' });
  await member.subscribe('$share/g/t/#', { qos: 1 });
  await away.disconnect();
  await full.disconnect();
  await publish('other', 'fills the queue', { qos: 1 });
  broker.subscribe('t/#', () => {});
  const receipt = await publish('t/1', 'more than twenty bytes long', { qos: 1 });
  expect(receipt).toMatchObject({ matched: 6, sent: 3, queued: 1 });
  expect(receipt.dropped).toEqual(
    expect.arrayContaining([
      { reason: 'queue-full', clientId: 'full' },
      { reason: 'too-large', clientId: 'tiny' },
    ]),
  );
  expect(receipt.dropped).toHaveLength(2);
  expect(await publish('nobody', '')).toEqual({ matched: 0, sent: 0, queued: 0, dropped: [] });
});

test('payloads are bytes or text', async () => {
  const { connect, publish } = brokerUnderTest();
  const client = await connect();
  await client.subscribe('t');
  await publish('t', 'grüße');
  expect((await client.receiveMessage()).text).toBe('grüße');
  await publish('t', new Uint8Array([0, 255, 1]));
  expect((await client.receiveMessage()).payload).toEqual(new Uint8Array([0, 255, 1]));
  await publish('t', Buffer.from('a buffer'));
  expect((await client.receiveMessage()).text).toBe('a buffer');
  await expect(publish('t', untyped({ a: 1 }))).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    key: 'payload',
  });
});

test('a payload that the host changes afterwards has not changed for anybody', async () => {
  const { connect, publish, broker } = brokerUnderTest();
  const away = await connect({ clientId: 'away', ...kept });
  await away.subscribe('t', { qos: 1 });
  await away.disconnect();
  const payload = new TextEncoder().encode('as it was');
  await publish('t', payload, { qos: 1, retain: true });
  payload.fill(0);
  expect(new TextDecoder().decode(broker.retained('t')?.payload)).toBe('as it was');
  const back = await connect({ clientId: 'away', cleanStart: false, ...kept });
  expect((await back.receiveMessage()).text).toBe('as it was');
});

test('properties, QoS, retain and publisher travel with the message', async () => {
  const { connect, publish, broker } = brokerUnderTest();
  const client = await connect();
  await client.subscribe('t', { qos: 2 });
  await publish('t', '{}', {
    qos: 2,
    retain: true,
    publisherId: 'billing',
    properties: { contentType: 'application/json', userProperties: [['a', 'b']] },
  });
  expect(await client.receiveMessage()).toMatchObject({
    qos: 2,
    properties: { contentType: 'application/json', userProperties: [['a', 'b']] },
  });
  expect(broker.retained('t')).toMatchObject({ origin: 'host', publisherId: 'billing', qos: 2 });
});

const mistakes: readonly [what: string, topic: string, options: PublishOptions, key: string][] = [
  ['a wildcard in the topic', 'a/+', {}, 'topic'],
  ['an empty topic', '', {}, 'topic'],
  ['a QoS of 3', 't', untyped({ qos: 3 }), 'qos'],
  ['a wildcard in the response topic', 't', { properties: { responseTopic: 'a/#' } }, 'responseTopic'],
  ['a text with a null', 't', { properties: { contentType: 'a\0b' } }, 'properties'],
  ['a text that is too long', 't', { properties: { contentType: 'x'.repeat(70_000) } }, 'properties'],
  [
    'an expiry that is no number',
    't',
    untyped({ properties: { messageExpiryInterval: 'soon' } }),
    'properties',
  ],
];

for (const [what, topic, options, key] of mistakes) {
  test(`${what} is the host's mistake, and nobody gets a message`, async () => {
    const { connect, publish, broker } = brokerUnderTest();
    const client = await connect();
    await client.subscribe('#');
    await expect(publish(topic, 'x', { retain: true, ...options })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      key,
    });
    await client.expectNothing();
    expect([...broker.retainedMessages('#')]).toEqual([]);
  });
}

test('a message that a plugin refuses is a PublishError that names the plugin', async () => {
  const { publish, broker } = brokerUnderTest();
  broker.use({
    name: 'ledger',
    hooks: { commitPublish: () => ({ allow: false, reasonCode: 0x97, reasonString: 'the ledger is full' }) },
  });
  const refusal = publish('t', 'x');
  await expect(refusal).rejects.toBeInstanceOf(PublishError);
  await expect(refusal).rejects.toMatchObject({ code: 'PUBLISH_REFUSED', reasonCode: 0x97, by: 'ledger' });
  await expect(refusal).rejects.toThrow(/the ledger is full/);
});

test('a message that the store did not take is a PublishError with its cause', async () => {
  const store = new FailingStore();
  const { publish, connect } = brokerUnderTest({ persistence: store });
  await connect();
  store.fails = true;
  await expect(publish('t', 'x', { retain: true })).rejects.toMatchObject({
    name: 'PublishError',
    code: 'PUBLISH_NOT_STORED',
    by: 'failing',
    cause: { message: 'the disk is full' },
  });
});

test('publish resolves when the message is stored, and not before', async () => {
  const stored = promiseByHand<void>();
  const store = new FailingStore();
  store.commit = () => stored.promise;
  const { broker, laboratory } = brokerUnderTest({ persistence: store });
  let isDone = false;
  const publishing = broker.publish('t', 'x', { retain: true }).then(() => {
    isDone = true;
  });
  await laboratory.settle();
  expect(isDone).toBe(false);
  stored.resolve();
  await publishing;
  expect(isDone).toBe(true);
});
