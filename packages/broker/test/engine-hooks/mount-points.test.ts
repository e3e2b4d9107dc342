import type { AuthenticateAnswer, Explanation } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { brokerUnderTest } from '../broker-under-test.ts';

/** Clients named `7…` live in `tenants/7/`, and so on; those whose name begins with no digit live nowhere. */
function tenants() {
  return brokerUnderTest(
    {},
    {
      authenticate: ({ clientId }): AuthenticateAnswer => {
        const tenant = /^\d/.exec(clientId)?.[0];
        return tenant === undefined || { allow: true, mountPoint: `tenants/${tenant}/` };
      },
    },
  );
}

describe('topics of a tenant that begin with $', () => {
  test.each([['#'], ['+/x'], ['+/#']])('are not matched by %s, live or retained', async (filter) => {
    const { connect } = tenants();
    const a = await connect({ clientId: '7a' });
    const b = await connect({ clientId: '7b' });
    await b.subscribe(filter, { qos: 1 });
    await a.publish('$own/x', 'hidden', { qos: 1, retain: true });
    await a.publish('open/x', 'seen', { qos: 1 });
    expect((await b.receiveMessage()).topic).toBe('open/x');
    await b.expectNothing();
    const late = await connect({ clientId: '7c' });
    await late.subscribe(filter, { qos: 1 });
    await late.expectNothing();
  });

  test('reach who asks for them, and a share group that does', async () => {
    const { connect } = tenants();
    const a = await connect({ clientId: '7a' });
    const b = await connect({ clientId: '7b' });
    const c = await connect({ clientId: '7c' });
    await b.subscribe(['#', '$own/#']);
    await c.subscribe(['$share/workers/#', '$share/workers/$own/#']);
    await a.publish('$own/x', 'asked for');
    expect((await b.receiveMessage()).topic).toBe('$own/x');
    expect((await c.receiveMessage()).topic).toBe('$own/x');
    for (const client of [b, c]) await client.expectNothing();
  });

  test('are seen from outside like any other', async () => {
    const { connect } = tenants();
    const outside = await connect({ clientId: 'outside' });
    await outside.subscribe('tenants/#');
    await (await connect({ clientId: '7a' })).publish('$own/x', '');
    expect((await outside.receiveMessage()).topic).toBe('tenants/7/$own/x');
  });
});

test("$SYS is hidden, and a tenant's own $SYS cannot be made up", async () => {
  const { broker, connect } = brokerUnderTest(
    { systemTopicInterval: 10 },
    { authenticate: () => ({ allow: true, mountPoint: 'tenants/7/' }) },
  );
  const a = await connect({ clientId: '7a' });
  await a.subscribe(['$SYS/#', '#']);
  await a.expectNothing();
  expect((await a.publish('$SYS/broker/version', '', { qos: 1 })).reasonCode).toBe(0x87);
  expect(broker.retained('$SYS/broker/version')).toBeDefined();
});

test('share groups of the same name are apart by tenant, and from one that reaches in from outside', async () => {
  const { broker, connect, publish } = tenants();
  const [a, b, outside] = [
    await connect({ clientId: '7a' }),
    await connect({ clientId: '8b' }),
    await connect({ clientId: 'outside' }),
  ];
  for (const tenant of [a, b]) await tenant.subscribe('$share/workers/jobs');
  await outside.subscribe('$share/workers/tenants/7/jobs');
  for (let i = 0; i < 4; i++) await publish('tenants/7/jobs', `${i}`);
  for (const member of [a, outside]) {
    for (let i = 0; i < 4; i++) expect((await member.receiveMessage()).text).toBe(`${i}`);
  }
  await b.expectNothing();
  expect([...broker.shares()]).toEqual([
    { shareName: 'workers', filter: 'tenants/7/jobs', mountPoint: 'tenants/7/', members: ['7a'] },
    { shareName: 'workers', filter: 'tenants/7/jobs', mountPoint: '', members: ['outside'] },
    { shareName: 'workers', filter: 'tenants/8/jobs', mountPoint: 'tenants/8/', members: ['8b'] },
  ]);
  await a.unsubscribe('$share/workers/jobs');
  await publish('tenants/7/jobs', 'left');
  expect((await outside.receiveMessage()).text).toBe('left');
});

test('a Response Topic outside is taken away, one inside is shown as the tenant knows it', async () => {
  const { connect, publish } = tenants();
  const a = await connect({ clientId: '7a' });
  await a.subscribe('questions');
  for (const responseTopic of ['admin/answers', 'tenants/8/answers', 'tenants/7', 'tenants/77/x']) {
    await publish('tenants/7/questions', '?', { properties: { responseTopic, contentType: 'text' } });
    const { properties } = await a.receiveMessage();
    expect(properties).toMatchObject({ contentType: 'text' });
    expect(properties).not.toHaveProperty('responseTopic');
  }
  await publish('tenants/7/questions', '?', { properties: { responseTopic: 'tenants/7/answers' } });
  expect((await a.receiveMessage()).properties.responseTopic).toBe('answers');
});

test('topic aliases stand for the topics that the tenant knows, both ways', async () => {
  const { connect } = tenants();
  const [a, b, outside] = [
    await connect({ clientId: '7a' }),
    await connect({ clientId: '7b', properties: { topicAliasMaximum: 5 } }),
    await connect({ clientId: 'outside' }),
  ];
  await b.subscribe('lamp');
  await outside.subscribe('#');
  await a.publish('lamp', '1', { properties: { topicAlias: 3 } });
  await a.publish('', '2', { properties: { topicAlias: 3 } });
  const [first, second] = [await b.receiveMessage(), await b.receiveMessage()];
  expect(first).toMatchObject({ topic: 'lamp', text: '1', properties: { topicAlias: expect.any(Number) } });
  expect(second).toMatchObject({ topic: '', text: '2', properties: first.properties });
  for (const text of ['1', '2']) {
    expect(await outside.receiveMessage()).toMatchObject({ topic: 'tenants/7/lamp', text });
  }
});

test('No Local keeps one client from its own messages only, in its tenancy too', async () => {
  const { connect } = tenants();
  const [a, b] = [await connect({ clientId: '7a' }), await connect({ clientId: '7b' })];
  for (const client of [a, b]) await client.subscribe('#', { noLocal: true });
  await a.publish('lamp', 'on');
  expect((await b.receiveMessage()).text).toBe('on');
  await a.expectNothing();
});

test('a Will, retained, stays inside', async () => {
  const { broker, connect } = tenants();
  const a = await connect({ clientId: '7a', will: { topic: '../8/gone', payload: 'x', retain: true } });
  await a.drop();
  expect(broker.retained('tenants/7/../8/gone')).toMatchObject({ origin: 'will' });
  const b = await connect({ clientId: '8b' });
  await b.subscribe('#');
  await b.expectNothing();
});

test('nothing that a tenant may write leads out of it', async () => {
  const { connect } = tenants();
  const neighbour = await connect({ clientId: '8b' });
  await neighbour.publish('secret', 'of tenant 8', { retain: true });
  const tries = [
    '#',
    '+/#',
    '+/+/#',
    '../#',
    '../8/#',
    '/#',
    '//#',
    'tenants/8/#',
    '+/8/secret',
    '$SYS/#',
    '$share/x/#',
    '$share/x/../8/#',
    '$share/tenants/8/#',
  ];
  const a = await connect({ clientId: '7a' });
  await a.subscribe(tries, { qos: 2 });
  await neighbour.publish('secret', 'again', { qos: 1 });
  await neighbour.publish('tenants/7/x', 'for me?', { qos: 1 });
  await a.expectNothing();
  await neighbour.subscribe('#', { retainHandling: 2 });
  for (const topic of ['../8/x', '/tenants/8/x', 'tenants/8/x', '..', '/', '$share/x/y']) {
    await a.publish(topic, 'out');
  }
  await neighbour.expectNothing();
});

test('explain speaks of topics as the tenant knows them', async () => {
  const { broker, connect } = tenants();
  const a = await connect({ clientId: '7a' });
  await a.subscribe('#');
  const allowed = (topic: string): Promise<Explanation> => broker.explain('7a', 'receive', topic);
  expect(await allowed('lamp')).toMatchObject({ allowed: true });
  expect(await allowed('$own/x')).toMatchObject({ allowed: false, decidedBy: 'subscription' });
});

test('a session that waited in one tenancy is not that of the same client id in another', async () => {
  let mountPoint = 'tenants/7/';
  const { connect, publish, broker } = brokerUnderTest(
    {},
    { authenticate: () => ({ allow: true, mountPoint }) },
  );
  const draft = { clientId: 'a', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
  const first = await connect(draft);
  await first.subscribe('x', { qos: 1 });
  await first.disconnect();
  await publish('tenants/7/x', 'for tenant 7', { qos: 1 });
  expect(broker.session('a')).toMatchObject({ queued: 1 });
  mountPoint = 'tenants/8/';
  const moved = await connect(draft);
  expect(moved.connack.sessionPresent).toBe(false);
  await moved.subscribe('x', { qos: 1 });
  await publish('tenants/7/x', 'still for tenant 7', { qos: 1 });
  await moved.expectNothing();
});
