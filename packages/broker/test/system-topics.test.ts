import { expect, test } from 'vitest';
import { brokerUnderTest } from './broker-under-test.ts';

function withSystemTopics() {
  const world = brokerUnderTest({ systemTopicInterval: 10, version: 'carillon 9.9' });
  const value = (name: string): string | undefined => {
    const message = world.broker.retained(`$SYS/broker/${name}`);
    return message === undefined ? undefined : new TextDecoder().decode(message.payload);
  };
  return { ...world, value };
}

test('the broker tells of itself under the usual names', async () => {
  const { connect, laboratory, value, broker } = withSystemTopics();
  await connect();
  await laboratory.advance(10_000);
  const names = [
    'version',
    'uptime',
    'clients/connected',
    'clients/disconnected',
    'clients/total',
    'clients/maximum',
    'clients/expired',
    'messages/received',
    'messages/sent',
    'publish/messages/received',
    'publish/messages/sent',
    'publish/messages/dropped',
    'publish/bytes/received',
    'publish/bytes/sent',
    'bytes/received',
    'bytes/sent',
    'store/messages/count',
    'store/messages/bytes',
    'subscriptions/count',
    'retained messages/count',
    ...['1min', '5min', '15min'].flatMap((span) =>
      ['messages/received', 'messages/sent', 'publish/received', 'bytes/sent', 'connections'].map(
        (load) => `load/${load}/${span}`,
      ),
    ),
  ];
  for (const name of names) expect(value(name), name).toBeDefined();
  expect(broker.retained('$SYS/broker/uptime')).toMatchObject({ origin: 'system', retain: true });
});

test('the values are true, and follow what happens at each interval', async () => {
  const { connect, laboratory, value } = withSystemTopics();
  const client = await connect({
    clientId: 'c',
    cleanStart: false,
    properties: { sessionExpiryInterval: 25 },
  });
  await connect({ clientId: 'other' });
  await client.subscribe(['a', 'b'], { qos: 1 });
  await client.publish('r', '12345', { retain: true, qos: 1 });
  await client.disconnect();
  expect(value('clients/connected')).toBe('0');
  await laboratory.advance(10_000);
  expect(value('version')).toBe('carillon 9.9');
  expect(value('uptime')).toBe('10 seconds');
  expect(value('clients/connected')).toBe('1');
  expect(value('clients/disconnected')).toBe('1');
  expect(value('clients/total')).toBe('2');
  expect(value('clients/maximum')).toBe('1');
  expect(value('subscriptions/count')).toBe('2');
  expect(value('retained messages/count')).toBe('1');
  expect(value('publish/messages/received')).toBe('1');
  expect(value('publish/bytes/received')).toBe('5');
  await laboratory.advance(20_000);
  expect(value('uptime')).toBe('30 seconds');
  expect(value('clients/expired')).toBe('1');
  expect(value('clients/total')).toBe('1');
});

test('load is told per minute, as an average over 1, 5 and 15 minutes', async () => {
  const { connect, laboratory, value } = withSystemTopics();
  const client = await connect();
  for (let round = 0; round < 90; round++) {
    for (let i = 0; i < 10; i++) client.publishOnly('t', '');
    await laboratory.advance(10_000);
  }
  const load = (span: string): number => Number(value(`load/publish/received/${span}`));
  expect(load('1min')).toBeGreaterThan(59.9);
  expect(load('1min')).toBeLessThanOrEqual(60);
  expect(load('5min')).toBeCloseTo(60 * (1 - Math.exp(-3)), 1);
  expect(load('15min')).toBeCloseTo(60 * (1 - Math.exp(-1)), 1);
  await laboratory.advance(60_000);
  expect(load('1min')).toBeCloseTo(60 * Math.exp(-1), 0);
});

test('a subscriber gets the values as retained messages, then each that changes', async () => {
  const { connect, laboratory } = withSystemTopics();
  const client = await connect();
  await client.subscribe('$SYS/broker/uptime');
  await client.subscribe('$SYS/broker/version');
  await client.subscribe('#');
  expect((await client.receiveAll()).map((packet) => packet.type === 'publish' && packet.retain)).toEqual([
    true,
    true,
  ]);
  await laboratory.advance(20_000);
  const changed = await client.receiveAll();
  expect(changed.map((packet) => packet.type === 'publish' && packet.topic)).toEqual([
    '$SYS/broker/uptime',
    '$SYS/broker/uptime',
  ]);
});

test('no client can write there, neither by PUBLISH nor by a Will', async () => {
  const { connect, arrive, value, broker } = withSystemTopics();
  const client = await connect();
  const before = value('version');
  expect((await client.publish('$SYS/broker/version', 'mine', { qos: 1, retain: true })).reasonCode).toBe(
    0x87,
  );
  expect((await client.publish('$SYS/broker/version', '', { qos: 2, retain: true })).reasonCode).toBe(0x87);
  await client.publish('$SYS/other', 'mine', { retain: true });
  const old = await connect({ protocolVersion: 4 });
  expect((await old.publish('$SYS/broker/version', 'mine', { qos: 1, retain: true })).type).toBe('puback');
  expect(value('version')).toBe(before);
  expect(broker.retained('$SYS/other')).toBeUndefined();
  for (const protocolVersion of [4, 5] as const) {
    const { reasonCode } = await arrive({ protocolVersion }).connectPacket({
      will: { topic: '$SYS/broker/version', payload: 'mine', retain: true },
    });
    expect(reasonCode).toBe(protocolVersion === 5 ? 0x87 : 5);
  }
});

test('an interval of 0 turns them off', async () => {
  const { connect, laboratory, broker } = brokerUnderTest({ systemTopicInterval: 0 });
  await connect();
  await laboratory.advance(3_600_000);
  expect([...broker.retainedMessages('$SYS/#')]).toEqual([]);
});

test('a Will that a plugin sends to $SYS is sent nowhere', async () => {
  const { connect, value, broker } = withSystemTopics();
  broker.use({ name: 'guard', hooks: { authorizePublish: ({ message }) => !message.topic.startsWith('$') } });
  broker.use({ name: 'rewriter', hooks: { rewriteWill: () => ({ topic: '$SYS/broker/version' }) } });
  const client = await connect({ will: { topic: 'w', payload: 'mine', retain: true } });
  await client.drop();
  expect(value('version')).toBe('carillon 9.9');
});
