import {
  type ScramAuthOptions,
  type ScramCredentials,
  scramAuth,
  scramCredentials,
} from '@carillon/auth-scram';
import type { RefusedEvent } from '@carillon/hooks';
import { Laboratory, PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Method, ScramLogin } from './scram-login.ts';

const methods: readonly Method[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
const iterations = 4096;
const users = new Map<string, ScramCredentials>();

beforeAll(async () => {
  for (const method of methods) {
    for (const [user, password] of [
      ['alice', 'tick-tock'],
      ['bob', 'ding-dong'],
      ['a,b=c', 'comma'],
    ] as const) {
      users.set(`${method} ${user}`, await scramCredentials(method, password, { iterations }));
    }
  }
});

function world(options: Partial<ScramAuthOptions> = {}) {
  const laboratory = new Laboratory({ patience: 10_000 });
  const broker = createBroker(laboratory.platform);
  const refusals: RefusedEvent[] = [];
  broker.use(scramAuth({ iterations, find: (user, method) => users.get(`${method} ${user}`), ...options }));
  broker.use({ name: 'witness', hooks: { refused: (event) => void refusals.push(event) } });
  return { laboratory, broker, refusals };
}

type World = ReturnType<typeof world>;

interface Wish {
  readonly method?: string;
  readonly username?: string;
  readonly clientId?: string;
  readonly tamper?: (withoutProof: string) => string;
}

/** CONNECT with the first message; what comes back. */
async function begin({ laboratory, broker }: World, first: Uint8Array | undefined, wish: Wish = {}) {
  const { method = 'SCRAM-SHA-256', username, clientId } = wish;
  const client = PacketClient.connect(broker, { laboratory });
  client.send({
    type: 'connect',
    ...(username !== undefined && { username }),
    ...(clientId !== undefined && { clientId }),
    properties: {
      authenticationMethod: method,
      ...(first !== undefined && { authenticationData: first }),
    },
  });
  return { client, answer: await received(client) };
}

/** AUTH with the next message; what comes back. */
async function proceed(
  client: PacketClient,
  data: Uint8Array | undefined,
  wish: Wish = {},
  reasonCode = 0x18,
) {
  const { method = 'SCRAM-SHA-256' } = wish;
  client.send({
    type: 'auth',
    reasonCode,
    properties: {
      authenticationMethod: method,
      ...(data !== undefined && { authenticationData: data }),
    },
  });
  return received(client);
}

/** What matters of a CONNACK, AUTH or DISCONNECT. */
async function received(client: PacketClient) {
  const packet = await client.receive();
  if (packet.type !== 'connack' && packet.type !== 'auth' && packet.type !== 'disconnect') {
    throw new Error(`${packet.type} came`);
  }
  const data = 'authenticationData' in packet.properties ? packet.properties.authenticationData : undefined;
  return { type: packet.type, reasonCode: packet.reasonCode, data, properties: packet.properties };
}

async function logIn(at: World, login: ScramLogin, wish: Wish = {}) {
  const { client, answer } = await begin(at, login.first(), wish);
  if (answer.type !== 'auth') return { client, answer };
  return { client, answer: await proceed(client, login.final(answer.data, wish.tamper), wish) };
}

describe.each(methods)('%s', (method) => {
  test.each([
    ['alice', 'tick-tock'],
    ['a,b=c', 'comma'],
  ])('%s proves the password, and so does the broker', async (user, password) => {
    const at = world();
    const login = new ScramLogin(method, user, password);
    const { answer } = await logIn(at, login, { method, clientId: 'tablet' });
    expect(answer).toMatchObject({ type: 'connack', reasonCode: 0 });
    expect(answer.properties).toMatchObject({ authenticationMethod: method });
    expect(login.isServer(answer.data)).toBe(true);
    expect(at.broker.client('tablet')?.identity).toBe(user);
  });

  test('a wrong password and an unknown user are refused alike', async () => {
    const at = world();
    const wrong = await logIn(at, new ScramLogin(method, 'alice', 'tock-tick'), { method });
    const unknown = await logIn(at, new ScramLogin(method, 'mallory', 'tick-tock'), { method });
    expect(wrong.answer).toMatchObject({ type: 'connack', reasonCode: 0x87 });
    expect(unknown.answer).toEqual(wrong.answer);
    await wrong.client.expectClosed();
    expect(at.refusals).toHaveLength(2);
    expect(at.refusals).toMatchObject(Array(2).fill({ what: 'connect', reasonCode: 0x87, by: 'auth-scram' }));
  });
});

test('who is not known gets the same salt each time, after a restart too, and each his own', async () => {
  const secret = 'sixteen bytes at least';
  const questionFor = async (at: World, user: string) => {
    const { answer } = await begin(at, new ScramLogin('SCRAM-SHA-256', user, 'x').first());
    const [, salt, rounds] = /,s=(.*),i=(\d+)$/.exec(Buffer.from(answer.data ?? []).toString()) ?? [];
    return `${salt} ${rounds}`;
  };
  const at = world({ secret });
  const asked = await questionFor(at, 'mallory');
  expect(asked).toMatch(/^[A-Za-z0-9+/]{22}== 4096$/);
  expect(await questionFor(at, 'mallory')).toBe(asked);
  expect(await questionFor(world({ secret }), 'mallory')).toBe(asked);
  expect(await questionFor(world({ secret: 'another secret of so many bytes' }), 'mallory')).not.toBe(asked);
  expect(await questionFor(at, 'trudy')).not.toBe(asked);
  expect(await questionFor(at, 'alice')).toMatch(/^[A-Za-z0-9+/]{22}== 4096$/);
});

describe('re-authentication', () => {
  async function connected() {
    const at = world();
    const { client, answer } = await logIn(at, new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock'));
    expect(answer.reasonCode).toBe(0);
    return { ...at, client };
  }

  test('proves the password again while messages go on', async () => {
    const { client } = await connected();
    const login = new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock');
    const question = await proceed(client, login.first(), {}, 0x19);
    expect(question).toMatchObject({ type: 'auth', reasonCode: 0x18 });
    expect(await client.publish('still/here', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
    const answer = await proceed(client, login.final(question.data));
    expect(answer).toMatchObject({ type: 'auth', reasonCode: 0x00 });
    expect(login.isServer(answer.data)).toBe(true);
    await client.ping();
  });

  test.each([
    ['a wrong password', 'alice', 'tock-tick'],
    ['another user', 'bob', 'ding-dong'],
    ['an unknown user', 'mallory', 'x'],
  ])('with %s ends the connection', async (_what, user, password) => {
    const { client, refusals } = await connected();
    const login = new ScramLogin('SCRAM-SHA-256', user, password);
    const question = await proceed(client, login.first(), {}, 0x19);
    const answer = await proceed(client, login.final(question.data));
    expect(answer).toMatchObject({ type: 'disconnect', reasonCode: 0x87 });
    await client.expectClosed();
    expect(refusals).toMatchObject([{ what: 'authentication', reasonCode: 0x87, by: 'auth-scram' }]);
  });

  test('with a message that is none ends the connection', async () => {
    const { client } = await connected();
    expect(await proceed(client, Buffer.from('hello'), {}, 0x19)).toMatchObject({
      type: 'disconnect',
      reasonCode: 0x82,
    });
  });
});

describe('nobody becomes who he is not', () => {
  test('by an authorization identity', async () => {
    const at = world();
    const other = await logIn(at, new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock', 'n,a=bob,'));
    expect(other.answer).toMatchObject({ type: 'connack', reasonCode: 0x87 });
    const own = await logIn(at, new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock', 'n,a=alice,'));
    expect(own.answer).toMatchObject({ type: 'connack', reasonCode: 0x00 });
  });

  test('by the User Name of CONNECT', async () => {
    const at = world();
    const login = () => new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock');
    expect((await logIn(at, login(), { username: 'bob' })).answer.reasonCode).toBe(0x87);
    expect((await logIn(at, login(), { username: 'alice' })).answer.reasonCode).toBe(0x00);
  });
});

describe('channel binding', () => {
  test('that the client could have, and the broker has not, is left out', async () => {
    const login = new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock', 'y,,');
    expect((await logIn(world(), login)).answer).toMatchObject({ type: 'connack', reasonCode: 0x00 });
  });

  test('that the client demands is not known', async () => {
    const login = new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock', 'p=tls-exporter,,');
    expect((await logIn(world(), login)).answer).toMatchObject({ type: 'connack', reasonCode: 0x8c });
  });

  test('cannot be talked away by somebody on the way', async () => {
    const tamper = (text: string) => text.replace('c=biws', `c=${Buffer.from('y,,').toString('base64')}`);
    const login = new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock');
    expect((await logIn(world(), login, { tamper })).answer.reasonCode).toBe(0x87);
  });
});

describe('an exchange that is not as it should be', () => {
  test('another nonce, signed as it should be, is refused', async () => {
    const login = () => new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock');
    for (const change of [(text: string) => `${text}x`, (text: string) => text.slice(0, -1)]) {
      expect((await logIn(world(), login(), { tamper: change })).answer.reasonCode).toBe(0x87);
    }
  });

  test('what was heard before is worth nothing', async () => {
    const at = world();
    const login = new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock');
    const { client, answer } = await begin(at, login.first());
    const heard = login.final(answer.data);
    expect((await proceed(client, heard)).reasonCode).toBe(0);
    const again = await begin(at, login.first());
    expect(again.answer.data).not.toEqual(answer.data);
    expect(await proceed(again.client, heard)).toMatchObject({ type: 'connack', reasonCode: 0x87 });
  });

  test.each<[string, Uint8Array | undefined]>([
    ['nothing', undefined],
    ['an empty message', new Uint8Array()],
    ['no message of SCRAM', Buffer.from('tick-tock')],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe)],
    ['64 KiB', Buffer.from(`n,,n=${'x'.repeat(60_000)},r=`)],
    ['a nonce of 60 KiB', Buffer.from(`n,,n=alice,r=${'x'.repeat(60_000)}`)],
    ['a prohibited name', Buffer.from('n,,n=al\u0007ice,r=nonce')],
    ['a name that is nothing to SASLprep', Buffer.from('n,,n=\u00ad,r=nonce')],
  ])('%s first is a protocol error', async (_what, first) => {
    const at = world();
    const { client, answer } = await begin(at, first);
    expect(answer).toMatchObject({ type: 'connack', reasonCode: 0x82 });
    await client.expectClosed();
    expect(at.refusals).toMatchObject([{ reasonCode: 0x82, by: 'auth-scram' }]);
  });

  test.each<[string, Uint8Array | undefined]>([
    ['nothing', undefined],
    ['the first message again', Buffer.from('n,,n=alice,r=nonce')],
    ['no proof', Buffer.from('c=biws,r=nonce')],
    ['no Base64', Buffer.from('c=biws,r=nonce,p=*')],
  ])('%s then is a protocol error', async (_what, final) => {
    const at = world();
    const { client } = await begin(at, new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock').first());
    expect(await proceed(client, final)).toMatchObject({ type: 'connack', reasonCode: 0x82 });
    expect(at.refusals).toHaveLength(1);
  });

  test('a name of 60 KiB is a name that nobody has', async () => {
    const { answer } = await logIn(world(), new ScramLogin('SCRAM-SHA-256', 'x'.repeat(60_000), 'x'));
    expect(answer).toMatchObject({ type: 'connack', reasonCode: 0x87 });
  });

  test('a proof of another length is none', async () => {
    const at = world();
    const login = new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock');
    const { client, answer } = await begin(at, login.first());
    const short = login.final(answer.data).toString().replace(/p=.*/, 'p=AAAA');
    expect(await proceed(client, Buffer.from(short))).toMatchObject({ type: 'connack', reasonCode: 0x87 });
  });
});

test('a method that is not offered is not known', async () => {
  const at = world({ methods: ['SCRAM-SHA-512'] });
  for (const method of [
    'SCRAM-SHA-256',
    'SCRAM-SHA-1',
    'SCRAM-SHA-256-PLUS',
    '__proto__',
    'x'.repeat(60_000),
  ]) {
    const { answer } = await begin(at, Buffer.from('n,,n=alice,r=nonce'), { method });
    expect(answer).toMatchObject({ type: 'connack', reasonCode: 0x8c });
  }
});

test('a store that fails, or answers rubbish, lets nobody in', async () => {
  const failing = world({ find: () => Promise.reject(new Error('the database is away')) });
  const login = () => new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock');
  expect((await logIn(failing, login())).answer).toMatchObject({ type: 'connack', reasonCode: 0x87 });
  const empty = new Uint8Array();
  const rubbish = world({ find: () => ({ salt: empty, iterations: 1, storedKey: empty, serverKey: empty }) });
  expect((await logIn(rubbish, login())).answer).toMatchObject({ type: 'connack', reasonCode: 0x87 });
});

test('no password, key or message of an exchange has reached the log', async () => {
  const at = world();
  const login = new ScramLogin('SCRAM-SHA-256', 'alice', 'tick-tock');
  const { client, answer } = await begin(at, login.first());
  const final = login.final(answer.data);
  await proceed(client, final);
  await logIn(at, new ScramLogin('SCRAM-SHA-256', 'alice', 'tock-tick'));
  const said = JSON.stringify(at.laboratory.logger.records);
  expect(at.laboratory.logger.records.length).toBeGreaterThan(1);
  for (const secret of ['tick-tock', 'tock-tick', final.toString(), 'p=', login.bare]) {
    expect(said).not.toContain(secret);
  }
});

test.each<[object, string]>([
  [{ methods: [] }, 'methods is an array; it must be a list with some of SCRAM-SHA-512 and SCRAM-SHA-256'],
  [{ methods: ['SCRAM-SHA-1'] }, 'methods is a string; it must be a list with some of'],
  [{ iterations: 1 }, 'iterations is the number 1; it must be a whole number from 4096'],
  [{ secret: 'short' }, 'secret is a string; it must be text or bytes, 16 of them at least'],
  [{ find: 'alice' }, 'find is a string; it must be a function'],
  [{ find: undefined }, 'find is missing; it must be a function'],
  [{ iteratons: 4096 }, 'there is no iteratons; there are find, methods, secret, iterations, name'],
])('%j is refused where it is given', (options, message) => {
  expect(() => Reflect.apply(scramAuth, undefined, [{ find: () => undefined, ...options }])).toThrow(message);
});
