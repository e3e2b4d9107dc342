import type {
  EnhancedAnswer,
  EnhancedEvent,
  EnhancedGrant,
  RefusedEvent,
  UnsubscribedEvent,
} from '@carillon/hooks';
import { Laboratory } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { acceptConnection } from '../../src/connection/accept-connection.ts';
import { RunningEngine } from '../../src/running-engine.ts';
import { brokerUnderTest, Notes, promiseByHand } from '../broker-under-test.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

/** The client must answer `n` with `n+1`, from 1 to 3; it is then known, for ten seconds. */
function counting(event: EnhancedEvent, now: number): EnhancedAnswer {
  if (event.method !== 'COUNT') return undefined;
  const said = textOf(event.data);
  if (event.round === 0) return { continue: true, data: bytes('1'), reasonString: 'count on' };
  if (said !== String(event.round * 2)) return { allow: false, reasonCode: 0x87, reasonString: 'miscounted' };
  if (event.round < 2) return { continue: true, data: bytes(String(event.round * 2 + 1)) };
  return { allow: true, identity: 'counter', data: bytes('done'), expiresAt: now + 10_000 };
}

function withCounting() {
  const events = new Notes<EnhancedEvent>();
  const refused = new Notes<RefusedEvent>();
  const world = brokerUnderTest(
    {},
    {
      authenticateEnhanced: (event) => {
        events.take(event);
        return counting(event, world.laboratory.clock.now());
      },
      refused: refused.take,
    },
  );
  return { ...world, events, refused };
}

const hello = { clientId: 'c', properties: { authenticationMethod: 'COUNT' } };
const auth = (data: string, reasonCode = 0x18) => ({
  type: 'auth' as const,
  reasonCode,
  properties: { authenticationMethod: 'COUNT', authenticationData: bytes(data) },
});

async function authenticated(world: ReturnType<typeof withCounting>) {
  const client = world.arrive();
  client.send({ type: 'connect', ...hello });
  await client.expect('auth', { reasonCode: 0x18 });
  client.send(auth('2'));
  await client.expect('auth', { reasonCode: 0x18 });
  client.send(auth('4'));
  await client.expect('connack', { reasonCode: 0 });
  return client;
}

test('authentication takes as many rounds as the plugin asks for', async () => {
  const { arrive, broker, events } = withCounting();
  const client = arrive();
  client.send({ type: 'connect', ...hello });
  const first = await client.expect('auth', { reasonCode: 0x18 });
  expect(first.properties).toEqual({
    authenticationMethod: 'COUNT',
    authenticationData: bytes('1'),
    reasonString: 'count on',
  });
  client.send(auth('2'));
  expect(textOf((await client.expect('auth')).properties.authenticationData)).toBe('3');
  expect(broker.client('c')).toBeUndefined();
  client.send(auth('4'));
  const connack = await client.expect('connack', { reasonCode: 0 });
  expect(connack.properties).toMatchObject({
    authenticationMethod: 'COUNT',
    authenticationData: bytes('done'),
  });
  expect(broker.client('c')?.identity).toBe('counter');
  expect(events.all.map(({ round, clientId, client: view }) => [round, clientId, view])).toEqual([
    [0, 'c', undefined],
    [1, 'c', undefined],
    [2, 'c', undefined],
  ]);
  expect(new Set(events.all.map(({ exchange }) => exchange)).size).toBe(1);
});

test('a wrong answer in a later round is refused with what the plugin says', async () => {
  const { arrive, broker } = withCounting();
  const client = arrive();
  client.send({ type: 'connect', ...hello });
  await client.expect('auth');
  client.send(auth('7'));
  const connack = await client.expect('connack', { reasonCode: 0x87 });
  expect(connack.properties.reasonString).toBe('miscounted');
  await client.expectClosed();
  expect([...broker.sessions()]).toEqual([]);
});

test('a method that no plugin knows is a bad authentication method', async () => {
  const { arrive } = withCounting();
  const connack = await arrive().connectPacket({ properties: { authenticationMethod: 'OTHER' } });
  expect(connack.reasonCode).toBe(0x8c);
  const { arrive: arriveAlone } = brokerUnderTest();
  expect((await arriveAlone().connectPacket(hello)).reasonCode).toBe(0x8c);
});

test('where only enhanced authentication is offered, a client without it is refused', async () => {
  const { arrive } = withCounting();
  expect((await arrive().connectPacket({ clientId: 'plain' })).reasonCode).toBe(0x87);
});

test('an authentication that never ends is ended by the limit of rounds', async () => {
  const refused = new Notes<RefusedEvent>();
  const { arrive } = brokerUnderTest(
    { limits: { maximumAuthenticationRounds: 3 } },
    { authenticateEnhanced: () => ({ continue: true }), refused: refused.take },
  );
  const client = arrive();
  client.send({ type: 'connect', ...hello });
  for (let round = 0; round < 3; round++) {
    await client.expect('auth');
    client.send(auth('again'));
  }
  await client.expect('connack', { reasonCode: 0x87 });
  expect(refused.last?.by).toBe('limit:maximumAuthenticationRounds');
});

test('an authentication that does not get on is ended by the connect time-out', async () => {
  const { arrive, laboratory } = brokerUnderTest(
    { limits: { connectTimeout: 3_000 } },
    { authenticateEnhanced: () => ({ continue: true }) },
  );
  const client = arrive();
  client.send({ type: 'connect', ...hello });
  await client.expect('auth');
  await laboratory.advance(3_000);
  await client.expect('connack', { reasonCode: 0x88 });
  await client.expectClosed();
});

test('a connected client authenticates anew, and what it was granted lasts longer', async () => {
  const world = withCounting();
  const client = await authenticated(world);
  await world.laboratory.advance(8_000);
  client.send(auth('', 0x19));
  await client.expect('auth', { reasonCode: 0x18 });
  await client.ping();
  client.send(auth('2'));
  await client.expect('auth', { reasonCode: 0x18 });
  client.send(auth('4'));
  const last = await client.expect('auth', { reasonCode: 0 });
  expect(textOf(last.properties.authenticationData)).toBe('done');
  expect(world.events.last).toMatchObject({ round: 2, client: { id: 'c', identity: 'counter' } });
  await world.laboratory.advance(9_999);
  await client.ping();
  await world.laboratory.advance(1);
  await client.expectDisconnect(0x87);
});

/** A broker that answers each proof with what stands beside it. */
function proving(grants: Readonly<Record<string, Omit<EnhancedGrant, 'allow'>>>) {
  return brokerUnderTest(
    {},
    { authenticateEnhanced: ({ data }): EnhancedGrant => ({ allow: true, ...grants[textOf(data)] }) },
  );
}

test('a re-authentication brings other groups and permissions, and ends what they do not allow', async () => {
  const { connect, broker } = proving({
    '': { identity: 'anna', groups: ['drivers'], permissions: { publish: ['#'], subscribe: ['#'] } },
    less: { identity: 'anna', groups: [], permissions: { publish: ['b'], subscribe: ['b'] } },
  });
  const unsubscribed = new Notes<UnsubscribedEvent>();
  broker.use({ name: 'watch', hooks: { unsubscribed: unsubscribed.take } });
  const client = await connect({ clientId: 'c', properties: { authenticationMethod: 'COUNT' } });
  await client.subscribe(['a', 'b']);
  client.send(auth('less', 0x19));
  await client.expect('auth', { reasonCode: 0 });
  expect(unsubscribed.all).toMatchObject([{ filter: 'a', why: 'not-authorized' }]);
  expect(broker.client('c')?.groups).toEqual([]);
  expect(await client.publish('a', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  expect(await client.subscribe('a')).toMatchObject({ reasonCodes: [0x87] });
});

test.each([
  ['identity', { identity: 'otto' }],
  ['mount point', { identity: 'anna', mountPoint: 'elsewhere/' }],
])('a re-authentication as somebody of another %s ends the connection', async (_what, other) => {
  const { connect } = proving({ '': { identity: 'anna' }, other });
  const client = await connect({ clientId: 'c', properties: { authenticationMethod: 'COUNT' } });
  client.send(auth('other', 0x19));
  const { properties } = await client.expect('disconnect', { reasonCode: 0x87 });
  expect(properties.reasonString).toBe('the proof is not of who connected');
});

test('a re-authentication that fails ends the connection with the reason of the plugin', async () => {
  const world = withCounting();
  const client = await authenticated(world);
  client.send(auth('', 0x19));
  await client.expect('auth');
  client.send(auth('wrong'));
  const disconnect = await client.expect('disconnect', { reasonCode: 0x87 });
  expect(disconnect.properties.reasonString).toBe('miscounted');
  expect(world.refused.last).toMatchObject({ what: 'authentication', by: 'house', reasonCode: 0x87 });
});

test('a re-authentication may send the client elsewhere', async () => {
  const { arrive } = brokerUnderTest(
    {},
    {
      authenticateEnhanced: ({ client }) =>
        client === undefined
          ? { allow: true }
          : { allow: false, reasonCode: 0x9c, serverReference: 'b.example', userProperties: [['a', 'b']] },
    },
  );
  const client = arrive();
  await client.connectPacket(hello);
  client.send(auth('', 0x19));
  const disconnect = await client.expect('disconnect', { reasonCode: 0x9c });
  expect(disconnect.properties).toMatchObject({ serverReference: 'b.example', userProperties: [['a', 'b']] });
});

test('a re-authentication answered after the client has gone leaves nothing behind', async () => {
  const answer = promiseByHand<EnhancedAnswer>();
  const laboratory = new Laboratory();
  const engine = new RunningEngine({ systemTopicInterval: 0 }, laboratory.platform);
  const target = {
    handle: (
      ...[channel, remote]: Parameters<typeof acceptConnection> extends [unknown, ...infer Rest]
        ? Rest
        : never
    ) => acceptConnection(engine, channel, remote),
  };
  const { broker } = brokerUnderTest();
  engine.hooks.use(
    {
      name: 'slow',
      hooks: {
        authenticateEnhanced: ({ client }) => (client === undefined ? { allow: true } : answer.promise),
      },
    },
    broker,
  );
  const client = await laboratory.connect(target, hello);
  client.send(auth('', 0x19));
  await client.settle();
  await client.drop();
  answer.resolve({ allow: true, expiresAt: laboratory.clock.now() + 3_600_000 });
  await laboratory.settle();
  expect(engine.connections.size).toBe(0);
  expect(engine.deadlines.size).toBe(0);
});

for (const [what, data, reasonCode] of [
  ['another method', { authenticationMethod: 'OTHER' }, 0x82],
  ['no method', {}, 0x82],
] as const) {
  test(`AUTH with ${what} than CONNECT is a protocol error`, async () => {
    const client = await authenticated(withCounting());
    client.send({ type: 'auth', reasonCode: 0x19, properties: data });
    await client.expectDisconnect(reasonCode);
  });
}

test('AUTH 0x18 from a connected client that began nothing is a protocol error', async () => {
  const client = await authenticated(withCounting());
  client.send(auth('2'));
  await client.expectDisconnect(0x82);
});
