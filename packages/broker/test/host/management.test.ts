import { expect, test } from 'vitest';
import { EngineBroker } from '../../src/index.ts';
import { brokerUnderTest, untyped } from '../broker-under-test.ts';

const kept = { cleanStart: false, properties: { sessionExpiryInterval: 100 } };

test('clients are listed and looked up while they are connected', async () => {
  const { connect, broker, laboratory } = brokerUnderTest();
  const anna = await connect(
    { clientId: 'anna', username: 'a', keepAlive: 30, properties: { userProperties: [['k', 'v']] } },
    { remote: { address: '192.0.2.1', transport: 'ws' } },
  );
  await connect({ clientId: 'otto', protocolVersion: 4 });
  expect([...broker.clients()].map(({ id }) => id)).toEqual(['anna', 'otto']);
  expect(broker.client('anna')).toMatchObject({
    id: 'anna',
    username: 'a',
    identity: 'a',
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 30,
    sessionExpiryInterval: 0,
    groups: [],
    mountPoint: '',
    limits: {},
    remote: { address: '192.0.2.1', transport: 'ws' },
    connectedAt: laboratory.clock.now(),
    userProperties: [['k', 'v']],
    bridge: false,
  });
  await anna.disconnect();
  expect(broker.client('anna')).toBeUndefined();
  expect([...broker.clients()].map(({ id }) => id)).toEqual(['otto']);
});

test('sessions are listed and looked up, offline ones too', async () => {
  const { connect, publish, broker, laboratory } = brokerUnderTest();
  const createdAt = laboratory.clock.now();
  const client = await connect({ clientId: 'c', ...kept });
  await client.subscribe(['a', 'b'], { qos: 1 });
  expect(broker.session('c')).toMatchObject({
    connected: true,
    disconnectedAt: undefined,
    expiresAt: undefined,
  });
  await laboratory.advance(1_000);
  await client.disconnect();
  await publish('a', '123', { qos: 1 });
  expect(broker.session('c')).toEqual({
    clientId: 'c',
    identity: undefined,
    groups: [],
    connected: false,
    createdAt,
    disconnectedAt: createdAt + 1_000,
    expiresAt: createdAt + 101_000,
    sessionExpiryInterval: 100,
    subscriptions: 2,
    queued: 1,
    queuedBytes: 4,
    inflight: 0,
  });
  expect([...broker.sessions()]).toEqual([broker.session('c')]);
  expect(broker.session('nobody')).toBeUndefined();
});

test('subscriptions and shares are told as they are in force', async () => {
  const { connect, broker } = brokerUnderTest();
  const client = await connect({ clientId: 'c' });
  await client.subscribe(
    { filter: 'a/+', qos: 1, noLocal: true },
    { properties: { subscriptionIdentifier: 5 } },
  );
  await client.subscribe('$share/g/b', { qos: 2 });
  broker.subscribe('$share/g/b', () => {});
  expect(broker.subscriptions('c')).toEqual([
    {
      filter: 'a/+',
      shareName: undefined,
      qos: 1,
      noLocal: true,
      retainAsPublished: false,
      retainHandling: 0,
      subscriptionIdentifier: 5,
    },
    expect.objectContaining({ filter: '$share/g/b', shareName: 'g', qos: 2 }),
  ]);
  expect([...broker.shares()]).toEqual([{ shareName: 'g', filter: 'b', mountPoint: '', members: ['c', ''] }]);
  expect(broker.subscriptions('nobody')).toEqual([]);
});

test('retained messages are looked up, listed by filter, and cleared', async () => {
  const { publish, broker, laboratory } = brokerUnderTest();
  for (const topic of ['a/1', 'a/2', 'b/1']) await publish(topic, topic, { retain: true });
  expect(broker.retained('a/1')).toMatchObject({ topic: 'a/1', retain: true });
  expect(broker.retained('a/3')).toBeUndefined();
  expect([...broker.retainedMessages('a/+')].map(({ topic }) => topic).sort()).toEqual(['a/1', 'a/2']);
  const cleared = broker.clearRetained('a/#');
  await laboratory.settle();
  expect(await cleared).toBe(2);
  expect([...broker.retainedMessages('#')].map(({ topic }) => topic)).toEqual(['b/1']);
  expect(broker.counters()).toMatchObject({ retainedMessages: 1, retainedBytes: 6 });
});

test('endSession disconnects the client and forgets everything of it', async () => {
  const { connect, publish, broker } = brokerUnderTest();
  const client = await connect({ clientId: 'c', ...kept });
  await client.subscribe('a', { qos: 1 });
  await publish('a', 'x', { qos: 1 });
  await client.receiveAll();
  expect(broker.endSession('c', { reasonCode: 0x98, reasonString: 'bye' })).toBe(true);
  const { properties } = await client.expect('disconnect', { reasonCode: 0x98 });
  expect(properties.reasonString).toBe('bye');
  expect(broker.session('c')).toBeUndefined();
  expect(broker.endSession('c')).toBe(false);
  expect((await connect({ clientId: 'c', ...kept })).connack.sessionPresent).toBe(false);
  expect(broker.counters()).toMatchObject({ subscriptions: 0, queuedMessages: 0, queuedBytes: 0 });
});

test('endSession forgets a session whose client is away', async () => {
  const { connect, broker } = brokerUnderTest();
  await (await connect({ clientId: 'c', ...kept })).disconnect();
  expect(broker.endSession('c')).toBe(true);
  expect([...broker.sessions()]).toEqual([]);
});

test('a client is disconnected with the reason and the words of the host', async () => {
  const { connect, broker } = brokerUnderTest();
  const client = await connect({ clientId: 'c' });
  broker.client('c')?.disconnect({
    reasonCode: 0x9d,
    reasonString: 'moved',
    serverReference: 'b.example',
    userProperties: [['a', 'b']],
  });
  expect((await client.expect('disconnect', { reasonCode: 0x9d })).properties).toEqual({
    reasonString: 'moved',
    serverReference: 'b.example',
    userProperties: [['a', 'b']],
  });
  await client.expectClosed();
  const plain = await connect({ clientId: 'c' });
  broker.client('c')?.disconnect();
  await plain.expectDisconnect(0x98);
  const old = await connect({ clientId: 'c', protocolVersion: 4 });
  broker.client('c')?.disconnect();
  await old.expectClosed();
});

test("a reason that a server cannot send is the host's mistake, and nobody is disconnected", async () => {
  const { connect, broker } = brokerUnderTest();
  const client = await connect({ clientId: 'c' });
  for (const reasonCode of [0x00, 0x04, 0x10, 0x7f, 0x84]) {
    expect(() => broker.client('c')?.disconnect({ reasonCode })).toThrow(/reasonCode/);
    expect(() => broker.endSession('c', { reasonCode })).toThrow(/reasonCode/);
  }
  await client.ping();
});

test('counters count what happened and what there is', async () => {
  const { connect, arrive, publish, broker } = brokerUnderTest(
    {},
    { authenticate: ({ clientId }) => clientId !== 'no' },
  );
  const client = await connect({ clientId: 'c', ...kept });
  await client.subscribe('a', { qos: 1 });
  await client.publish('a', '12345', { qos: 1 });
  await client.receiveMessage();
  await client.publish('r', '1', { retain: true });
  await arrive().connectPacket({ clientId: 'no' });
  expect(broker.counters()).toMatchObject({
    clientsConnected: 1,
    sessions: 1,
    subscriptions: 1,
    retainedMessages: 1,
    retainedBytes: 2,
    messagesReceived: 6,
    publishReceived: 2,
    publishSent: 1,
    publishDropped: 0,
    connectionsAccepted: 2,
    connectionsRefused: 1,
    queuedMessages: 0,
  });
  expect(broker.counters().bytesReceived).toBeGreaterThan(40);
  expect(broker.counters().messagesSent).toBe(5);
  await client.disconnect();
  await publish('a', '123', { qos: 1 });
  await publish('a', 'x');
  expect(broker.counters()).toMatchObject({
    clientsConnected: 0,
    sessions: 1,
    queuedMessages: 1,
    queuedBytes: 4,
    publishDropped: 1,
  });
});

test('two brokers in one process share nothing', async () => {
  const one = brokerUnderTest();
  const other = new EngineBroker({ systemTopicInterval: 0 }, one.laboratory.platform);
  const first = await one.laboratory.connect(one.broker, { clientId: 'c' });
  const second = await one.laboratory.connect(other, { clientId: 'c' });
  for (const client of [first, second]) await client.subscribe('#');
  await one.publish('t', 'x', { retain: true });
  expect((await first.receiveMessage()).topic).toBe('t');
  await second.expectNothing();
  expect(other.retained('t')).toBeUndefined();
  expect(other.counters().messagesSent).toBe(2);
  const closed = other.close();
  await one.laboratory.settle();
  await closed;
  await second.expectDisconnect(0x8b);
  await first.ping();
});

test('an action that does not exist is the mistake of the host', async () => {
  const { connect, broker } = brokerUnderTest();
  await connect({ clientId: 'c' });
  await expect(broker.explain('c', untyped('fly'), 't')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
