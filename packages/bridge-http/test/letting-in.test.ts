import { expect, test } from 'vitest';
import { basic, bridgedServer } from './bridged-server.ts';

const passwords = new Map([
  ['vera', 'sesame'],
  ['mallory', 'sesame'],
]);

/** A broker that asks for passwords; vera may do everything, mallory may publish nothing. */
async function guarded() {
  const host = await bridgedServer();
  host.broker.use({
    name: 'passwords',
    hooks: {
      authenticate: ({ username = '', password }) =>
        password !== undefined && Buffer.from(password).toString() === passwords.get(username),
      authorizePublish: ({ client }) => client?.identity === 'vera',
    },
  });
  return host;
}

test('user name and password of Basic are those of CONNECT', async () => {
  const host = await guarded();
  const post = (headers: Record<string, string>) => host.raw('POST', '/topics/a', headers, 'x');
  expect(await post(basic('vera', 'sesame'))).toMatchObject({ status: 200 });
  const nobody = await post({});
  expect(nobody.status).toBe(401);
  expect(nobody.headers['www-authenticate']).toBe('Basic realm="MQTT", charset="UTF-8", Bearer realm="MQTT"');
  expect(await post(basic('vera', 'wrong'))).toMatchObject({ status: 401 });
});

test('who is known, but may not do it, is answered with 403', async () => {
  const host = await guarded();
  const answer = await host.raw('POST', '/topics/a', basic('mallory', 'sesame'), 'x');
  expect(answer.status).toBe(403);
  expect(JSON.parse(answer.text)).toMatchObject({ reasonCode: 0x87 });
});

test.each([
  'Basic',
  'Basic !!!',
  'Basic dmVyYQ==',
  `Basic ${Buffer.from('a\0b:c').toString('base64')}`,
  `Basic ${Buffer.of(0xff, 0x3a, 0x61).toString('base64')}`,
  'Bearer',
])('credentials that cannot be read are refused: %s', async (authorization) => {
  const host = await guarded();
  expect(await host.raw('POST', '/topics/a', { authorization }, 'x')).toMatchObject({ status: 401 });
});

test('a bearer token is the password, and stands in the request that plugins see', async () => {
  const host = await bridgedServer();
  const seen: unknown[] = [];
  host.broker.use({
    name: 'tokens',
    hooks: {
      authenticate: ({ username, password, remote }) => {
        const { authorization } = remote.request?.headers ?? {};
        seen.push(username, password && Buffer.from(password).toString(), authorization);
        seen.push(remote.transport, remote.request?.url);
        return { allow: true, identity: 'vera' };
      },
    },
  });
  await host.raw('POST', '/topics/a', { authorization: 'Bearer abc.def' }, 'x');
  expect(seen).toEqual([undefined, 'abc.def', 'Bearer abc.def', 'http', '/topics/a']);
});

test('the host may say by itself who sent a request', async () => {
  const host = await bridgedServer({
    authenticate: async ({ headers }) =>
      headers.cookie === 'session=1' ? { identity: 'vera', mountPoint: 'tenants/7/' } : undefined,
  });
  const messages = host.broker.messages('#');
  expect(await host.raw('POST', '/topics/a', {}, 'x')).toMatchObject({ status: 401 });
  expect(await host.raw('POST', '/topics/a', { cookie: 'session=1' }, 'x')).toMatchObject({ status: 200 });
  expect((await messages.next()).value).toMatchObject({ topic: 'tenants/7/a' });
  await host.broker.publish('tenants/7/b', 'x', { retain: true });
  expect(await host.raw('GET', '/topics/b', { cookie: 'session=1' })).toMatchObject({
    status: 200,
    text: 'x',
  });
});

test('text from the host is an identity', async () => {
  const host = await bridgedServer({ authenticate: () => 'vera' });
  const identities: unknown[] = [];
  host.broker.use({
    name: 'rules',
    hooks: { authorizePublish: ({ client }) => !!identities.push(client?.identity) },
  });
  await host.raw('POST', '/topics/a', {}, 'x');
  expect(identities).toEqual(['vera']);
});

test.each([
  ['throws', () => Promise.reject(new Error('the password is 1234'))],
  ['answers what cannot be', () => JSON.parse('{"identity":"vera","mountPont":"a/"}')],
  ['names nobody', () => JSON.parse('{}')],
  ['answers null', () => JSON.parse('null')],
  ['answers true', () => JSON.parse('true')],
])('a host that %s lets nobody in, and tells the log alone why', async (_, authenticate) => {
  const host = await bridgedServer({ authenticate });
  const answer = await host.raw('POST', '/topics/a', {}, 'x');
  expect(answer.status).toBe(500);
  expect(JSON.parse(answer.text)).toMatchObject({ detail: 'it could not be found out who you are' });
  expect(host.logger.records.filter(({ level }) => level === 'error')).toHaveLength(1);
});

test('a host that does not answer is not waited for for ever', async () => {
  let asked: () => void = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const host = await bridgedServer({
    authenticate: () => {
      asked();
      return new Promise(() => {});
    },
    limits: { acknowledgementTimeout: 1000 },
  });
  const answer = host.raw('POST', '/topics/a', {}, 'x');
  await isAsked;
  await host.clock.advance(1000);
  expect(await answer).toMatchObject({ status: 500 });
});

test('a stream is given back to nobody but who has left it', async () => {
  const host = await guarded();
  const stream = await host.events('filter=a', basic('vera', 'sesame'));
  await stream.next();
  stream.cut();
  await host.broker.publish('a', 'for vera', { qos: 1 });
  const last = { 'last-event-id': stream.lastEventId };
  const other = await host.events('filter=a', { ...basic('mallory', 'sesame'), ...last });
  expect(await other.next()).toMatchObject({ event: 'ready', data: { resumed: false } });
  expect(await other.next()).toMatchObject({ event: 'gap', data: { reason: 'expired' } });
  const own = await host.events('filter=a', { ...basic('vera', 'sesame'), ...last });
  expect(await own.payloads(1)).toEqual(['for vera']);
});

test('the id of a stream is not in the names that others see', async () => {
  const host = await bridgedServer();
  const stream = await host.events('filter=a');
  const { id } = await stream.next();
  const [token = ''] = id.split('.');
  for (const { clientId } of host.broker.sessions()) {
    expect(clientId).toMatch(/^http:/);
    expect(clientId).not.toContain(token);
  }
});

test('a connection that the broker does not take is answered with the reason', async () => {
  const full = await bridgedServer({}, { limits: { maximumConnectionsPerAddress: 1 } });
  const stream = await full.events('filter=a');
  await stream.next();
  expect(await full.raw('POST', '/topics/a', {}, 'x')).toMatchObject({ status: 429 });
  const closed = await bridgedServer();
  closed.broker.use({ name: 'door', hooks: { authorizeConnection: () => false } });
  expect(await closed.raw('POST', '/topics/a', {}, 'x')).toMatchObject({ status: 403 });
});

test('a password is neither in an answer nor in the log', async () => {
  const host = await guarded();
  const answers = [
    await host.raw('POST', '/topics/a', basic('vera', 'very-secret'), 'x'),
    await host.raw('POST', '/topics/a', { authorization: 'Bearer very-secret' }, 'x'),
  ];
  const shown = JSON.stringify([answers, host.logger.records]);
  expect(shown).not.toContain('very-secret');
  expect(shown).not.toContain(Buffer.from('vera:very-secret').toString('base64'));
});
