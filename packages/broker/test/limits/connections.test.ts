import type { RefusedEvent } from '@carillon/hooks';
import { PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import type { Limits } from '../../src/index.ts';
import { brokerUnderTest, Notes } from '../broker-under-test.ts';

function limited(limits: Partial<Limits>) {
  const refused = new Notes<RefusedEvent>();
  return { ...brokerUnderTest({ limits }, { refused: refused.take }), refused };
}

const from = (address: string) => ({ remote: { address } });

test('maximumConnections: one more is closed without a word, until one has gone', async () => {
  const { connect, arrive, refused, broker } = limited({ maximumConnections: 2 });
  const first = await connect();
  await connect();
  const third = arrive();
  await third.expectClosed();
  expect(refused.last).toMatchObject({
    what: 'connection',
    reasonCode: 0x97,
    by: 'limit:maximumConnections',
  });
  expect(broker.counters()).toMatchObject({ connectionsAccepted: 2, connectionsRefused: 1 });
  await first.ping();
  await first.disconnect();
  await connect();
});

test('maximumConnectionsPerAddress: counts each address by itself, and forgets those that left', async () => {
  const { connect, arrive, refused } = limited({ maximumConnectionsPerAddress: 2 });
  const first = await connect({}, from('192.0.2.1'));
  await connect({}, from('192.0.2.1'));
  await arrive(from('192.0.2.1')).expectClosed();
  expect(refused.last?.by).toBe('limit:maximumConnectionsPerAddress');
  await connect({}, from('192.0.2.2'));
  await connect();
  await first.drop();
  await connect({}, from('192.0.2.1'));
  await arrive(from('192.0.2.1')).expectClosed();
});

test('connectTimeout: who says nothing, or half a CONNECT, is closed then', async () => {
  const { arrive, connect, laboratory, refused } = limited({ connectTimeout: 3_000 });
  const silent = arrive();
  const half = arrive();
  half.sendBytes('10 20 00 04 4d 51');
  const connected = await connect();
  await laboratory.advance(2_999);
  expect([silent.closed, half.closed]).toEqual([false, false]);
  await laboratory.advance(1);
  await silent.expectClosed();
  await half.expectClosed();
  await connected.ping();
  expect(refused.all.map(({ by }) => by)).toEqual(['limit:connectTimeout', 'limit:connectTimeout']);
});

test('maximumConnectBytes: a CONNECT that declares more is refused before it has come', async () => {
  const { arrive, refused } = limited({ maximumConnectBytes: 200 });
  const client = arrive();
  client.sendBytes('10 ff ff ff 7f 00 04 4d 51 54 54 05');
  await client.settle();
  expect(client.closed).toBe(true);
  expect(refused.last).toMatchObject({ what: 'packet', reasonCode: 0x95 });
  const fitting = arrive();
  expect((await fitting.connectPacket({ clientId: 'x'.repeat(150) })).reasonCode).toBe(0);
  const large = arrive();
  large.send({ type: 'connect', clientId: 'x'.repeat(250) });
  await large.settle();
  expect(large.closed).toBe(true);
});

test('maximumConnectBytes: so much and no more is kept of what comes before CONNACK', async () => {
  const refused = new Notes<RefusedEvent>();
  const { arrive } = brokerUnderTest(
    { limits: { maximumConnectBytes: 500 } },
    { authenticate: () => new Promise(() => {}), refused: refused.take },
  );
  const client = arrive();
  client.send({ type: 'connect', clientId: 'eager' });
  client.publishOnly('t', 'x'.repeat(300));
  await client.expectNothing();
  client.publishOnly('t', 'x'.repeat(300));
  await client.expect('connack', { reasonCode: 0x97 });
  await client.expectClosed();
  expect(refused.last?.by).toBe('limit:maximumConnectBytes');
});

test('maximumPacketSize: announced, and a larger packet ends the connection before it has come', async () => {
  const { connect } = limited({ maximumPacketSize: 100 });
  for (const protocolVersion of [4, 5] as const) {
    const client = await connect({ protocolVersion });
    if (protocolVersion === 5) expect(client.connack.properties.maximumPacketSize).toBe(100);
    await client.publish('t', 'x'.repeat(80), { qos: 1 });
    // The declared length alone decides: nothing of the payload has come.
    client.sendBytes('32 80 08 00 01 74');
    await client.expectDisconnect(0x95);
  }
});

test('maximumKeepAlive: a client that asks for longer, or for none, is told this one', async () => {
  const { connect, laboratory } = limited({ maximumKeepAlive: 60 });
  const long = await connect({ keepAlive: 600 });
  const none = await connect({ keepAlive: 0 });
  const short = await connect({ keepAlive: 30 });
  expect(long.connack.properties.serverKeepAlive).toBe(60);
  expect(none.connack.properties.serverKeepAlive).toBe(60);
  expect(short.connack.properties).not.toHaveProperty('serverKeepAlive');
  await laboratory.advance(45_000);
  await short.expectDisconnect(0x8d);
  await laboratory.advance(44_999);
  expect([long.closed, none.closed]).toEqual([false, false]);
  await laboratory.advance(1);
  await long.expectDisconnect(0x8d);
  await none.expectDisconnect(0x8d);
});

test('maximumSessions: a new session beyond it is refused, an old one comes back', async () => {
  const { connect, arrive, refused, broker } = limited({ maximumSessions: 2 });
  const kept = { cleanStart: false, properties: { sessionExpiryInterval: 100 } };
  await (await connect({ clientId: 'a', ...kept })).disconnect();
  await connect({ clientId: 'b' });
  expect((await arrive().connectPacket({ clientId: 'c' })).reasonCode).toBe(0x97);
  expect(refused.last?.by).toBe('limit:maximumSessions');
  expect((await connect({ clientId: 'a', ...kept })).connack.sessionPresent).toBe(true);
  await connect({ clientId: 'b' });
  expect([...broker.sessions()]).toHaveLength(2);
});

test('maximumSessionExpiryInterval: a longer wish is shortened and told', async () => {
  const { connect, laboratory, broker } = limited({ maximumSessionExpiryInterval: 60 });
  const client = await connect({ clientId: 'c', properties: { sessionExpiryInterval: 3600 } });
  expect(client.connack.properties.sessionExpiryInterval).toBe(60);
  await client.disconnect({ properties: { sessionExpiryInterval: 3600 } });
  const old = await connect({ clientId: 'old', protocolVersion: 4, cleanStart: false });
  await old.disconnect();
  await laboratory.advance(59_999);
  expect([...broker.sessions()]).toHaveLength(2);
  await laboratory.advance(1);
  expect([...broker.sessions()]).toEqual([]);
});

test('a flood of half-open connections passes, and leaves nothing', async () => {
  const { laboratory, broker, connect } = limited({ maximumConnections: 50, connectTimeout: 1_000 });
  const flood = Array.from({ length: 200 }, () => PacketClient.connect(broker, { laboratory }));
  await laboratory.settle();
  expect(flood.filter(({ closed }) => !closed)).toHaveLength(50);
  await laboratory.advance(1_000);
  expect(flood.every(({ closed }) => closed)).toBe(true);
  await connect();
});
