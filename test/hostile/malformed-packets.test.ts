import { malformedPackets, PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { HealthyPair } from './healthy-pair.ts';

/** Connections at the same time, each with a seed of its own. */
const seedsAtOnce = 20;
const rounds = 8;

for (const protocolVersion of [3, 4, 5] as const) {
  for (const begin of ['before CONNECT', 'after CONNECT'] as const) {
    test(`malformed packets of level ${protocolVersion} ${begin} harm nobody else`, async () => {
      const pair = await HealthyPair.begin();
      const { broker, laboratory } = pair;
      let closed = 0;
      for (let round = 0; round < rounds; round++) {
        const attackers = Array.from({ length: seedsAtOnce }, (_, index) => {
          const name = `level ${protocolVersion}, ${begin}, seed ${round * seedsAtOnce + index}`;
          const client = PacketClient.connect(broker, { laboratory, protocolVersion, name });
          if (begin === 'after CONNECT')
            client.send({ type: 'connect', clientId: `attacker-${round}-${index}` });
          return { client, packets: malformedPackets(name, protocolVersion) };
        });
        for (let shot = 0; shot < 6; shot++) {
          for (const { client, packets } of attackers) {
            if (!client.closed) client.sendBytes(packets.next().value.bytes);
          }
          await laboratory.settle();
        }
        closed += attackers.filter(({ client }) => client.closed).length;
        await pair.exchange();
        for (const { client } of attackers) if (!client.closed) client.drop().catch(() => {});
      }
      // Now and then harm leaves a packet that is valid, or one that waits for its rest.
      expect(closed).toBeGreaterThan(rounds * seedsAtOnce * 0.7);
      await pair.end();
      expect([...broker.clients()].map(({ id }) => id).sort()).toEqual(['healthy-juliet', 'healthy-romeo']);
    });
  }
}

test('malformed packets in cuts of one byte harm nobody else', async () => {
  const pair = await HealthyPair.begin();
  const { broker, laboratory } = pair;
  for (let seed = 0; seed < 40; seed++) {
    const name = `cut, seed ${seed}`;
    const client = PacketClient.connect(broker, { laboratory, name, channel: { cut: 1 } });
    const packets = malformedPackets(name);
    if (seed % 2 === 0) client.send({ type: 'connect', clientId: name });
    for (let shot = 0; shot < 3 && !client.closed; shot++) {
      client.sendBytes(packets.next().value.bytes);
      await client.settle();
    }
    if (!client.closed) await client.drop();
  }
  await pair.end();
});

test('noise alone harms nobody', async () => {
  const pair = await HealthyPair.begin();
  const { broker, laboratory } = pair;
  const random = laboratory.random.fork('noise');
  for (let i = 0; i < 200; i++) {
    PacketClient.connect(broker, { laboratory }).sendBytes(random.bytes(1 + random.integer(400)));
  }
  await laboratory.settle();
  await pair.exchange();
  await laboratory.advance(10_000);
  await pair.end();
  expect([...broker.clients()]).toHaveLength(2);
});
