import {
  type AuthenticateEvent,
  type ConnectEvent,
  type ConnectedEvent,
  type DisconnectedEvent,
  deny,
  type PluginHooks,
  type RefusedEvent,
  redirect,
  type SessionEvent,
  type TakeoverEvent,
} from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, Notes, promiseByHand } from '../broker-under-test.ts';

test('authorizeConnection sees where a connection comes from, and its no closes it without a word', async () => {
  const refused = new Notes<RefusedEvent>();
  const { arrive, connect } = brokerUnderTest(
    {},
    {
      authorizeConnection: ({ remote }) => remote.address !== '203.0.113.9',
      refused: refused.take,
    },
  );
  await connect({}, { remote: { address: '198.51.100.1' } });
  const unwanted = arrive({ remote: { address: '203.0.113.9' } });
  unwanted.send({ type: 'connect', clientId: 'unwanted' });
  await unwanted.expectClosed();
  expect(refused.all).toHaveLength(1);
  expect(refused.last).toMatchObject({ what: 'connection', reasonCode: 0x87, by: 'house' });
  expect(refused.last?.remote?.address).toBe('203.0.113.9');
});

test('a connection waits for authorizeConnection to answer by promise; what it sent meanwhile is not lost', async () => {
  const answer = promiseByHand<boolean>();
  const { arrive, laboratory, broker } = brokerUnderTest({}, { authorizeConnection: () => answer.promise });
  const client = arrive();
  client.send({ type: 'connect', clientId: 'patient' });
  await client.expectNothing();
  expect(broker.client('patient')).toBeUndefined();
  answer.resolve(true);
  await laboratory.settle();
  await client.expect('connack', { reasonCode: 0 });
});

test('rewriteConnect changes who connects and for how long, and an MQTT 5.0 client is told', async () => {
  const events = new Notes<ConnectEvent>();
  const { connect, broker } = brokerUnderTest(
    {},
    {
      rewriteConnect: (event) => {
        events.take(event);
        return {
          clientId: `home-${event.connect.clientId}`,
          username: 'renamed',
          keepAlive: 30,
          sessionExpiryInterval: 60,
        };
      },
    },
  );
  const client = await connect({ clientId: 'lamp', username: 'anna', password: 'secret', keepAlive: 600 });
  expect(client.connack.properties).toMatchObject({ serverKeepAlive: 30, sessionExpiryInterval: 60 });
  expect(broker.client('home-lamp')).toMatchObject({
    username: 'renamed',
    identity: 'renamed',
    keepAlive: 30,
    sessionExpiryInterval: 60,
  });
  expect(broker.client('lamp')).toBeUndefined();
  expect(events.last?.connect).toMatchObject({ clientId: 'lamp', username: 'anna' });
  expect(events.last?.connect).not.toHaveProperty('password');
});

test('a client that gave no id is told the one that rewriteConnect gave it', async () => {
  const { arrive } = brokerUnderTest({}, { rewriteConnect: () => ({ clientId: 'given' }) });
  const client = arrive();
  const { properties } = await client.connectPacket({ clientId: '' });
  expect(properties.assignedClientIdentifier).toBe('given');
});

test('rewriteConnect can make a client start clean', async () => {
  const { connect, broker } = brokerUnderTest({}, { rewriteConnect: () => ({ cleanStart: true }) });
  const draft = { clientId: 'c', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
  const first = await connect(draft);
  await first.subscribe('a');
  await first.disconnect();
  const second = await connect(draft);
  expect(second.connack.sessionPresent).toBe(false);
  expect(broker.subscriptions('c')).toEqual([]);
});

test('authenticate sees the client id, the user name and the password', async () => {
  const events = new Notes<AuthenticateEvent>();
  const { connect } = brokerUnderTest(
    {},
    {
      authenticate: (event) => {
        events.take(event);
        return true;
      },
    },
  );
  await connect({ clientId: 'anna', username: 'a', password: 'pw' }, { remote: { transport: 'ws' } });
  const [event] = events.all;
  expect(event).toMatchObject({ clientId: 'anna', username: 'a', remote: { transport: 'ws' } });
  expect(new TextDecoder().decode(event?.password)).toBe('pw');
  expect(event?.connect).toMatchObject({ protocolVersion: 5, cleanStart: true });
});

const denials: readonly [what: string, hooks: PluginHooks, reasonCode: number, returnCode: number][] = [
  ['false', { authenticate: () => false }, 0x87, 5],
  ['no opinion', { authenticate: () => undefined }, 0x87, 5],
  ['bad user name or password', { authenticate: () => deny(0x86) }, 0x86, 4],
  ['banned', { authenticate: () => deny(0x8a) }, 0x8a, 5],
  ['identifier not valid', { authenticate: () => deny(0x85) }, 0x85, 2],
  ['server busy', { authenticate: async () => deny(0x89) }, 0x89, 3],
  ['use another server', { authenticate: () => redirect('b.example') }, 0x9c, 3],
  ['server moved', { authenticate: () => redirect('b.example', true) }, 0x9d, 3],
  [
    'a throw',
    {
      authenticate: () => {
        throw new Error('the directory is down');
      },
    },
    0x87,
    5,
  ],
  ['a reason that CONNACK cannot carry', { authenticate: () => deny(0x8e) }, 0x87, 5],
];

for (const [what, hooks, reasonCode, returnCode] of denials) {
  test(`authenticate answers ${what}: CONNACK 0x${reasonCode.toString(16)}, and ${returnCode} before MQTT 5.0`, async () => {
    const { arrive, broker } = brokerUnderTest({}, hooks);
    for (const protocolVersion of [3, 4, 5] as const) {
      const client = arrive({ protocolVersion });
      const connack = await client.connectPacket({ clientId: 'c', will: { topic: 'gone' } });
      expect(connack.reasonCode).toBe(protocolVersion === 5 ? reasonCode : returnCode);
      await client.expectClosed();
    }
    expect([...broker.sessions()]).toEqual([]);
  });
}

test('a refusal carries its words and the server to go to', async () => {
  const { arrive } = brokerUnderTest(
    {},
    {
      authenticate: () => ({
        allow: false,
        reasonCode: 0x9c,
        reasonString: 'full here',
        userProperties: [['retry', '5']],
        serverReference: 'b.example',
      }),
    },
  );
  const client = arrive();
  const { properties } = await client.connectPacket({ clientId: 'c' });
  expect(properties).toEqual({
    reasonString: 'full here',
    userProperties: [['retry', '5']],
    serverReference: 'b.example',
  });
});

test('authorizeTakeover may refuse the newcomer, and then the client that is connected notices nothing', async () => {
  const events = new Notes<TakeoverEvent>();
  const { arrive, connect } = brokerUnderTest(
    {},
    {
      authorizeTakeover: (event) => {
        events.take(event);
        return event.identity === event.client.identity;
      },
    },
  );
  const first = await connect({ clientId: 'shared', username: 'anna' });
  const stranger = arrive();
  expect(await stranger.connectPacket({ clientId: 'shared', username: 'otto' })).toMatchObject({
    reasonCode: 0x87,
  });
  expect(events.last).toMatchObject({ identity: 'otto', client: { id: 'shared', identity: 'anna' } });
  await first.ping();
  await connect({ clientId: 'shared', username: 'anna' });
  await first.expectDisconnect(0x8e);
});

test('rewriteConnack adds words, and response information only for a client that asked for it', async () => {
  const { connect } = brokerUnderTest(
    {},
    {
      rewriteConnack: ({ client }) => ({
        reasonString: `welcome ${client.id}`,
        userProperties: [['region', 'north']],
        responseInformation: 'replies/7',
        serverReference: 'spare.example',
      }),
    },
  );
  const silent = await connect({ clientId: 'a' });
  expect(silent.connack.properties).toMatchObject({
    reasonString: 'welcome a',
    userProperties: [['region', 'north']],
    serverReference: 'spare.example',
  });
  expect(silent.connack.properties).not.toHaveProperty('responseInformation');
  const asking = await connect({ clientId: 'b', properties: { requestResponseInformation: 1 } });
  expect(asking.connack.properties.responseInformation).toBe('replies/7');
});

test('when rewriteConnack fails the client is refused: no session stays behind, and no Will is sent', async () => {
  let isBroken = true;
  const { arrive, broker, connect, laboratory } = brokerUnderTest(
    {},
    {
      rewriteConnack: ({ client }) => {
        if (isBroken && client.id === 'guest') throw new Error('broken');
        return undefined;
      },
    },
  );
  const watcher = await connect({ clientId: 'watcher' });
  await watcher.subscribe('wills/#');
  const guest = arrive();
  const connack = await guest.connectPacket({
    clientId: 'guest',
    properties: { sessionExpiryInterval: 100 },
    will: { topic: 'wills/guest', payload: 'x' },
  });
  expect(connack.reasonCode).toBe(0x80);
  await guest.expectClosed();
  await laboratory.advance(200_000);
  await watcher.expectNothing();
  expect(broker.session('guest')).toBeUndefined();
  isBroken = false;
  const accepted = await connect({ clientId: 'guest', cleanStart: false });
  expect(accepted.connack.sessionPresent).toBe(false);
});

test('connected and disconnected tell who ended a connection, and why', async () => {
  const connected = new Notes<ConnectedEvent>();
  const disconnected = new Notes<DisconnectedEvent>();
  const { connect, broker, laboratory } = brokerUnderTest(
    {},
    { connected: connected.take, disconnected: disconnected.take },
  );
  const polite = await connect({ clientId: 'polite' });
  expect(connected.last).toMatchObject({ sessionPresent: false, client: { id: 'polite' } });
  await polite.disconnect({ reasonCode: 4, properties: { reasonString: 'lunch' } });
  const lost = await connect({ clientId: 'lost' });
  await lost.drop();
  await connect({ clientId: 'unwanted' });
  broker.client('unwanted')?.disconnect({ reasonCode: 0x98, reasonString: 'enough' });
  await laboratory.settle();
  const silent = await connect({ clientId: 'silent', keepAlive: 10 });
  await laboratory.advance(15_000);
  await silent.expectDisconnect(0x8d);
  expect(disconnected.all.map(({ client, by, reasonCode }) => [client.id, by, reasonCode])).toEqual([
    ['polite', 'client', 4],
    ['lost', 'network', 0],
    ['unwanted', 'broker', 0x98],
    ['silent', 'broker', 0x8d],
  ]);
  expect(disconnected.all[0]?.reason).toBe('lunch');
});

test('a connection that was refused is neither connected nor disconnected', async () => {
  const told = new Notes<ConnectedEvent | DisconnectedEvent>();
  const { arrive } = brokerUnderTest(
    {},
    { authenticate: () => false, connected: told.take, disconnected: told.take },
  );
  const client = arrive();
  await client.connectPacket();
  await client.expectClosed();
  expect(told.all).toEqual([]);
});

test('a session is told of when it is created, resumed, expired and deleted', async () => {
  const told: string[] = [];
  const note = (what: string) => {
    return ({ session }: SessionEvent): void => void told.push(`${what} ${session.clientId}`);
  };
  const { connect, laboratory } = brokerUnderTest(
    {},
    {
      sessionCreated: note('created'),
      sessionResumed: note('resumed'),
      sessionExpired: note('expired'),
      sessionDeleted: note('deleted'),
    },
  );
  const kept = { clientId: 'kept', cleanStart: false, properties: { sessionExpiryInterval: 10 } };
  await (await connect(kept)).disconnect();
  await laboratory.advance(9_000);
  await (await connect(kept)).disconnect();
  await laboratory.advance(10_000);
  await (await connect({ clientId: 'brief' })).disconnect();
  await (await connect(kept)).disconnect();
  await connect({ ...kept, cleanStart: true });
  expect(told).toEqual([
    'created kept',
    'resumed kept',
    'expired kept',
    'created brief',
    'deleted brief',
    'created kept',
    'deleted kept',
    'created kept',
  ]);
});

test('refused tells of a CONNECT that was refused, and of a packet that broke the rules', async () => {
  const refused = new Notes<RefusedEvent>();
  const { arrive, connect } = brokerUnderTest(
    {},
    { authenticate: ({ clientId }) => clientId !== 'stranger', refused: refused.take },
  );
  await arrive().connectPacket({ clientId: 'stranger' });
  expect(refused.last).toMatchObject({
    what: 'connect',
    reasonCode: 0x87,
    by: 'house',
    clientId: 'stranger',
  });
  const client = await connect({ clientId: 'friend' });
  client.sendBytes('00 00');
  await client.expectDisconnect(0x81);
  expect(refused.last).toMatchObject({ what: 'packet', reasonCode: 0x81, clientId: 'friend' });
  expect(refused.last?.by).toMatch(/^MQTT-|^§/);
});

test('a second CONNECT, of a version nobody knows, is a protocol error and nothing worse', async () => {
  const level9 = '10 0c 00 04 4d 51 54 54 09 02 00 00 00 00';
  const { connect, arrive, laboratory } = brokerUnderTest(
    {},
    { authenticateEnhanced: () => ({ continue: true }), authenticate: () => true },
  );
  const connected = await connect();
  connected.sendBytes(level9);
  await connected.expectDisconnect(0x82);
  const authenticating = arrive();
  authenticating.send({ type: 'connect', properties: { authenticationMethod: 'm' } });
  await authenticating.expect('auth');
  authenticating.sendBytes(level9);
  await laboratory.settle();
  expect((await authenticating.expect('connack')).reasonCode).toBeGreaterThanOrEqual(0x80);
  await authenticating.expectClosed();
  expect(laboratory.logger.messages('error')).toEqual([]);
});
