import { faultyChannel, PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { HealthyPair } from './healthy-pair.ts';

test('half-open connections are closed in time, and the others do not notice', async () => {
  const pair = await HealthyPair.begin({ limits: { connectTimeout: 5_000 } });
  const { broker, laboratory } = pair;
  const halves = [
    '',
    '10',
    '10 0c',
    '10 0c 00 04 4d 51 54 54',
    '10 80',
    '10 ff ff 03 00 04 4d 51 54 54 05 02',
  ];
  const flood = Array.from({ length: 600 }, (_, index) => {
    const client = PacketClient.connect(broker, { laboratory });
    client.sendBytes(halves[index % halves.length] ?? '');
    return client;
  });
  await laboratory.advance(4_999);
  await pair.exchange();
  expect(flood.filter(({ closed }) => closed).length).toBeLessThan(600);
  await laboratory.advance(1);
  expect(flood.every(({ closed }) => closed)).toBe(true);
  await pair.end();
  expect(broker.counters()).toMatchObject({ clientsConnected: 2, sessions: 2 });
});

for (const when of ['before CONNECT', 'after CONNECT'] as const) {
  test(`a huge declared length ${when} is refused before a byte of it is kept`, async () => {
    const pair = await HealthyPair.begin();
    const { broker, laboratory } = pair;
    for (let type = 1; type <= 15; type++) {
      const flags = [6, 8, 10].includes(type) ? 2 : 0;
      const client = PacketClient.connect(broker, { laboratory });
      if (when === 'after CONNECT') await client.connectPacket({ clientId: `huge-${type}` });
      client.sendBytes([(type << 4) | flags, 0xff, 0xff, 0xff, 0x7f]);
      await client.settle();
      expect(client.closed, `type ${type}`).toBe(true);
    }
    await pair.end();
  });
}

test('fifty sockets fight for one client id, and one stays', async () => {
  const pair = await HealthyPair.begin();
  const { broker, laboratory } = pair;
  broker.use({
    name: 'slow',
    hooks: {
      authenticate: ({ clientId }) =>
        clientId !== 'prize' ||
        new Promise((resolve) =>
          laboratory.clock.schedule(laboratory.random.integer(20), () => resolve(true)),
        ),
    },
  });
  const fighters = Array.from({ length: 50 }, (_, index) =>
    PacketClient.connect(broker, {
      laboratory,
      name: `fighter ${index}`,
      protocolVersion: index % 2 ? 5 : 4,
    }),
  );
  for (const fighter of fighters) {
    fighter.send({ type: 'connect', clientId: 'prize', cleanStart: fighter.protocolVersion === 5 });
  }
  await laboratory.advance(50);
  const left = fighters.filter(({ closed }) => !closed);
  expect(left).toHaveLength(1);
  const [winner] = left;
  await winner?.take('connack', { reasonCode: 0 });
  await winner?.ping();
  for (const loser of fighters) {
    if (loser === winner) continue;
    const said = (await loser.receiveAll()).map(({ type }) => type);
    // Who was overtaken in the middle of its handshake hears nothing at all.
    if (said.length === 0) continue;
    expect(said).toEqual(loser.protocolVersion === 5 ? ['connack', 'disconnect'] : ['connack']);
  }
  expect([...broker.clients()].filter(({ id }) => id === 'prize')).toHaveLength(1);
  expect([...broker.sessions()].filter(({ clientId }) => clientId === 'prize')).toHaveLength(1);
  await pair.end();
});

test('fifty sockets that come back each time they are thrown out do not hold the broker up', async () => {
  const pair = await HealthyPair.begin();
  const { broker, laboratory } = pair;
  let attempts = 0;
  for (let round = 0; round < 10; round++) {
    for (let index = 0; index < 50; index++) {
      const client = PacketClient.connect(broker, { laboratory });
      client.send({ type: 'connect', clientId: 'prize', properties: { sessionExpiryInterval: 10 } });
      attempts++;
    }
    await pair.exchange();
  }
  expect(broker.counters()).toMatchObject({ clientsConnected: 3, connectionsAccepted: attempts + 2 });
  await pair.end();
});

test('storms of subscriptions leave what was asked for last, and nothing else', async () => {
  const pair = await HealthyPair.begin();
  const { broker, laboratory } = pair;
  const random = laboratory.random.fork('storm');
  const stormers = await Promise.all(
    Array.from({ length: 10 }, (_, index) => laboratory.connect(broker, { clientId: `stormer-${index}` })),
  );
  const wanted = stormers.map(() => new Set<string>());
  const levels = ['a', 'b', '+', 'c'];
  for (let round = 0; round < 200; round++) {
    for (const [index, client] of stormers.entries()) {
      const plain = `${random.pick(levels)}/${random.pick(levels)}/${random.pick(['d', '#'])}`;
      const filter = random.chance(0.3) ? `$share/g/${plain}` : plain;
      const packetId = round + 1;
      if (random.chance(0.6)) {
        client.send({ type: 'subscribe', packetId, subscriptions: [{ filter, qos: 1 }] });
        wanted[index]?.add(filter);
      } else {
        client.send({ type: 'unsubscribe', packetId, filters: [filter] });
        wanted[index]?.delete(filter);
      }
    }
    if (round % 40 === 0) await pair.exchange();
  }
  await laboratory.settle();
  for (const [index, client] of stormers.entries()) {
    const inForce = broker.subscriptions(`stormer-${index}`).map(({ filter }) => filter);
    expect(inForce.sort()).toEqual([...(wanted[index] ?? [])].sort());
    await client.receiveAll();
    await client.unsubscribe(inForce.length === 0 ? ['x'] : inForce);
  }
  expect(broker.counters().subscriptions).toBe(2);
  expect([...broker.shares()]).toEqual([]);
  expect(await settled(laboratory, broker.publish('a/b/d', ''))).toMatchObject({ matched: 0 });
  await pair.end();
});

test('a transport that throws costs its own connection, and nobody else a byte', async () => {
  const pair = await HealthyPair.begin();
  const { broker, laboratory } = pair;
  for (const throwAtWrite of [1, 2, 3]) {
    const random = laboratory.random.fork('transport');
    const client = PacketClient.connect(broker, {
      laboratory,
      wrap: (end) => faultyChannel(end, { random, throwAtWrite }),
    });
    client.send({ type: 'connect', clientId: 'faulty' });
    await client.settle();
    if (throwAtWrite > 1) {
      client.send({ type: 'subscribe', packetId: 1, subscriptions: ['healthy/#'] });
      await client.settle();
    }
    await pair.exchange();
    expect(client.closed).toBe(true);
  }
  expect([...broker.clients()]).toHaveLength(2);
  await pair.exchange();
});

async function settled<T>(laboratory: { settle(): Promise<void> }, promise: Promise<T>): Promise<T> {
  await laboratory.settle();
  return promise;
}
