import type { AuthenticateAnswer, Grant, SubscribeEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, Notes } from '../broker-under-test.ts';

/** A broker that grants each client what stands under its id. */
function granting(grants: Readonly<Record<string, Omit<Grant, 'allow'>>>) {
  return brokerUnderTest(
    {},
    {
      authenticate: ({ clientId }): AuthenticateAnswer => ({ allow: true, ...grants[clientId] }),
    },
  );
}

test('a grant names the identity; without one it is the user name', async () => {
  const { connect, broker } = granting({ badge: { identity: 'anna' } });
  await connect({ clientId: 'badge', username: 'x' });
  await connect({ clientId: 'plain', username: 'otto' });
  expect(broker.client('badge')).toMatchObject({ username: 'x', identity: 'anna' });
  expect(broker.client('plain')).toMatchObject({ username: 'otto', identity: 'otto' });
  expect(broker.session('badge')?.identity).toBe('anna');
});

test('a grant names groups, which the session keeps', async () => {
  const { connect, broker } = granting({ badge: { groups: ['night shift', 'drivers'] } });
  const properties = { sessionExpiryInterval: 60 };
  const badge = await connect({ clientId: 'badge', properties });
  await connect({ clientId: 'plain' });
  expect(broker.client('badge')?.groups).toEqual(['night shift', 'drivers']);
  expect(broker.client('plain')?.groups).toEqual([]);
  await badge.disconnect();
  expect(broker.session('badge')?.groups).toEqual(['night shift', 'drivers']);
});

test('a grant carries words into CONNACK', async () => {
  const { connect } = granting({
    c: { reasonString: 'hello', userProperties: [['plan', 'free']], responseInformation: 'replies/c' },
  });
  const { connack } = await connect({ clientId: 'c', properties: { requestResponseInformation: 1 } });
  expect(connack.properties).toMatchObject({
    reasonString: 'hello',
    userProperties: [['plan', 'free']],
    responseInformation: 'replies/c',
  });
});

test('a grant gives an id to a client without one, and to no other', async () => {
  const { connect, broker, arrive } = brokerUnderTest(
    {},
    { authenticate: () => ({ allow: true, assignedClientId: 'seat-7' }) },
  );
  const nameless = arrive();
  expect(await nameless.connectPacket({ clientId: '' })).toMatchObject({
    reasonCode: 0,
    properties: { assignedClientIdentifier: 'seat-7' },
  });
  expect(broker.client('seat-7')).toBeDefined();
  const named = await connect({ clientId: 'own-name' });
  expect(named.connack.properties).not.toHaveProperty('assignedClientIdentifier');
  expect(broker.client('own-name')).toBeDefined();
});

test('clients of one mount point meet each other in it, and see nothing of it', async () => {
  const { connect, broker } = granting({
    a: { mountPoint: 'tenants/7/' },
    b: { mountPoint: 'tenants/7/' },
    c: { mountPoint: 'tenants/8/' },
  });
  const [a, b, c, outside] = [
    await connect({ clientId: 'a' }),
    await connect({ clientId: 'b' }),
    await connect({ clientId: 'c' }),
    await connect({ clientId: 'outside' }),
  ];
  for (const client of [b, c]) await client.subscribe('#', { qos: 2 });
  await outside.subscribe('tenants/#', { qos: 2 });
  for (const qos of [0, 1, 2] as const) {
    await a.publish('lamp', 'on', { qos, properties: { responseTopic: 'answers' } });
    const inside = await b.receiveMessage();
    expect(inside).toMatchObject({ topic: 'lamp', text: 'on', properties: { responseTopic: 'answers' } });
    expect(await outside.receiveMessage()).toMatchObject({
      topic: 'tenants/7/lamp',
      properties: { responseTopic: 'tenants/7/answers' },
    });
  }
  await c.expectNothing();
  expect(broker.client('a')?.mountPoint).toBe('tenants/7/');
});

test('a wildcard at the root of a mount point does not reach above it', async () => {
  const { connect, publish } = granting({ a: { mountPoint: 'tenants/7/' } });
  const a = await connect({ clientId: 'a' });
  await a.subscribe('#', { qos: 1 });
  await publish('tenants/7', 'the level above', { qos: 1 });
  await publish('tenants/7/', 'no topic at all', { qos: 1 });
  await publish('tenants/7/in', 'inside', { qos: 1 });
  expect(await a.receiveMessage()).toMatchObject({ topic: 'in', text: 'inside' });
  await a.expectNothing();
});

test('retained messages of a mount point are seen in it only', async () => {
  const { connect, broker, publish } = granting({
    a: { mountPoint: 'tenants/7/' },
    c: { mountPoint: 'tenants/8/' },
  });
  const a = await connect({ clientId: 'a' });
  await a.publish('lamp', 'on', { qos: 1, retain: true });
  await publish('tenants/7', 'above', { retain: true });
  expect(broker.retained('tenants/7/lamp')).toMatchObject({ topic: 'tenants/7/lamp' });
  await a.subscribe('#');
  expect(await a.receiveMessage()).toMatchObject({ topic: 'lamp', text: 'on', retain: true });
  await a.expectNothing();
  const c = await connect({ clientId: 'c' });
  await c.subscribe('#');
  await c.expectNothing();
});

test('the Will of a mounted client stays in its mount point', async () => {
  const { connect } = granting({ a: { mountPoint: 'tenants/7/' }, b: { mountPoint: 'tenants/7/' } });
  const outside = await connect({ clientId: 'outside' });
  await outside.subscribe('#');
  const b = await connect({ clientId: 'b' });
  await b.subscribe('gone');
  const a = await connect({
    clientId: 'a',
    will: { topic: 'gone', payload: 'a', properties: { responseTopic: 'why' } },
  });
  await a.drop();
  expect(await b.receiveMessage()).toMatchObject({ topic: 'gone', properties: { responseTopic: 'why' } });
  expect(await outside.receiveMessage()).toMatchObject({
    topic: 'tenants/7/gone',
    properties: { responseTopic: 'tenants/7/why' },
  });
});

test('a share group is confined to its mount point', async () => {
  const { connect, broker, publish } = granting({
    a: { mountPoint: 'tenants/7/' },
    c: { mountPoint: 'tenants/8/' },
  });
  const [a, c] = [await connect({ clientId: 'a' }), await connect({ clientId: 'c' })];
  for (const client of [a, c]) await client.subscribe('$share/workers/jobs/#');
  for (const tenant of [7, 8, 7]) await publish(`tenants/${tenant}/jobs/1`, `for ${tenant}`);
  expect((await a.receiveMessage()).text).toBe('for 7');
  expect(await a.receiveMessage()).toMatchObject({ topic: 'jobs/1', text: 'for 7' });
  expect((await c.receiveMessage()).text).toBe('for 8');
  await a.expectNothing();
  await c.expectNothing();
  expect(broker.subscriptions('a')[0]).toMatchObject({ filter: '$share/workers/jobs/#' });
});

test('hooks see a mounted client subscribe by its own filter', async () => {
  const events = new Notes<SubscribeEvent>();
  const { connect } = brokerUnderTest(
    {},
    {
      authenticate: () => ({ allow: true, mountPoint: 'm/' }),
      authorizeSubscribe: (event) => {
        events.take(event);
        return true;
      },
    },
  );
  await (await connect({ clientId: 'a' })).subscribe('x/+');
  expect(events.last?.subscription.filter).toBe('x/+');
  expect(events.last?.client.mountPoint).toBe('m/');
});

test('a topic that becomes too long in its mount point is refused, and nobody else is harmed', async () => {
  const { connect } = granting({ a: { mountPoint: 'tenants/7/' } });
  const outside = await connect({ clientId: 'outside' });
  await outside.subscribe('#');
  const a = await connect({ clientId: 'a' });
  await a.publish('t'.repeat(65_530), 'x', { retain: true });
  await a.expectDisconnect(0x90);
  await outside.expectNothing();
  const late = await connect({ clientId: 'late' });
  await late.subscribe('#');
  await late.expectNothing();
});

test('a session is not resumed in another mount point', async () => {
  let mountPoint = 'one/';
  const { connect, broker } = brokerUnderTest({}, { authenticate: () => ({ allow: true, mountPoint }) });
  const draft = { clientId: 'a', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
  const first = await connect(draft);
  await first.subscribe('x');
  await first.disconnect();
  mountPoint = 'two/';
  expect((await connect(draft)).connack.sessionPresent).toBe(false);
  expect(broker.subscriptions('a')).toEqual([]);
});

test('permissions confine what a client publishes, subscribes to and receives', async () => {
  const { connect, publish } = granting({
    a: {
      mountPoint: 'm/',
      permissions: { publish: ['out/#'], subscribe: ['in/+', 'all/#'], receive: ['in/#', 'all/open/#'] },
    },
  });
  const a = await connect({ clientId: 'a' });
  expect((await a.publish('out/1', '', { qos: 1 })).reasonCode).toBe(0x10);
  expect((await a.publish('else/1', '', { qos: 1 })).reasonCode).toBe(0x87);
  expect((await a.publish('else/1', '', { qos: 2 })).reasonCode).toBe(0x87);
  const suback = await a.subscribe(['in/+', 'in/#', 'all/#', '$share/g/in/x', '$share/g/other', '#']);
  expect(suback.reasonCodes).toEqual([0, 0x87, 0, 0, 0x87, 0x87]);
  await publish('m/all/secret', 'no');
  await publish('m/all/open/1', 'yes');
  expect(await a.receiveMessage()).toMatchObject({ topic: 'all/open/1', text: 'yes' });
  await a.expectNothing();
});

test('permissions hold for the Will as well', async () => {
  const { connect } = granting({ a: { permissions: { publish: ['out/#'] } } });
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('#');
  await (await connect({ clientId: 'a', will: { topic: 'elsewhere' } })).drop();
  await watcher.expectNothing();
  await (await connect({ clientId: 'a', will: { topic: 'out/a' } })).drop();
  expect((await watcher.receiveMessage()).topic).toBe('out/a');
});

test('the limits of a grant are announced and hold', async () => {
  const { connect, broker } = granting({
    a: {
      limits: {
        maximumQoS: 1,
        retainAvailable: false,
        maximumPacketSize: 200,
        receiveMaximum: 2,
        maximumSubscriptions: 1,
        maximumSessionExpiryInterval: 60,
        serverKeepAlive: 20,
      },
    },
  });
  const draft = { clientId: 'a', keepAlive: 600, properties: { sessionExpiryInterval: 600 } };
  const a = await connect(draft);
  expect(a.connack.properties).toMatchObject({
    maximumQoS: 1,
    retainAvailable: 0,
    maximumPacketSize: 200,
    receiveMaximum: 2,
    sessionExpiryInterval: 60,
    serverKeepAlive: 20,
  });
  expect((await a.subscribe(['x', 'y'])).reasonCodes).toEqual([0, 0x97]);
  expect(broker.session('a')?.sessionExpiryInterval).toBe(60);
  await a.publish('x', '', { qos: 2 }).catch(() => {});
  await a.take('disconnect', { reasonCode: 0x9b });
  const again = await connect(draft);
  await again.publish('x', '', { retain: true });
  await again.expectDisconnect(0x9a);
  const large = await connect(draft);
  await large.publish('x', 'x'.repeat(300));
  await large.expectDisconnect(0x95);
});

test('a grant above the limits of the broker has no effect', async () => {
  const { connect } = brokerUnderTest(
    { limits: { receiveMaximum: 5, maximumPacketSize: 500 }, maximumQoS: 1 },
    {
      authenticate: () => ({
        allow: true,
        limits: { receiveMaximum: 50, maximumPacketSize: 5000, maximumQoS: 2 },
      }),
    },
  );
  const { connack } = await connect();
  expect(connack.properties).toMatchObject({ receiveMaximum: 5, maximumPacketSize: 500, maximumQoS: 1 });
});

test('a Will beyond the limits of the grant refuses the CONNECT', async () => {
  const { arrive } = granting({ a: { limits: { maximumQoS: 0, retainAvailable: false } } });
  const will = { topic: 'gone', payload: 'x' };
  const quality = await arrive().connectPacket({ clientId: 'a', will: { ...will, qos: 1 } });
  expect(quality.reasonCode).toBe(0x9b);
  const retained = await arrive().connectPacket({ clientId: 'a', will: { ...will, retain: true } });
  expect(retained.reasonCode).toBe(0x9a);
});

test('the queue of a client is as long and as large as its grant says', async () => {
  const { connect, broker, publish } = granting({
    few: { limits: { maximumQueuedMessages: 2 } },
    small: { limits: { maximumQueuedBytes: 20 } },
  });
  for (const clientId of ['few', 'small']) {
    const client = await connect({ clientId, properties: { sessionExpiryInterval: 100 } });
    await client.subscribe('t', { qos: 1 });
    await client.disconnect();
  }
  for (let i = 0; i < 4; i++) await publish('t', '123456789', { qos: 1 });
  expect(broker.session('few')).toMatchObject({ queued: 2 });
  expect(broker.session('small')).toMatchObject({ queued: 2, queuedBytes: 20 });
});

test('what a grant gave ends when it says: DISCONNECT 0x87', async () => {
  const { connect, laboratory } = brokerUnderTest(
    {},
    { authenticate: ({ clientId }) => ({ allow: true, ...(clientId === 'a' ? { expiresAt: due() } : {}) }) },
  );
  const due = () => laboratory.clock.now() + 5_000;
  const a = await connect({ clientId: 'a' });
  const forever = await connect({ clientId: 'forever' });
  await laboratory.advance(4_999);
  await a.ping();
  await laboratory.advance(1);
  await a.expectDisconnect(0x87);
  await forever.ping();
});
