import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { KillableBroker } from './killable-broker.ts';
import { broken, type PublisherLedger } from './ledger.ts';
import { Progress } from './rounds.ts';
import { Publisher, Subscriber } from './traffic.ts';

const { CRASH_ROUNDS = '3', CRASH_SEED = '1' } = process.env;
const rounds = Number(CRASH_ROUNDS);
const patience = 120_000 + rounds * 20_000;

/**
 * Two brokers, joined by a bridge of the first; publishers at full speed on both, a subscriber on each. Now one is
 * killed, now the other, now both: what was acknowledged anywhere has to be everywhere, QoS 2 once, in order.
 */
async function bridgedRounds(location: string, seed: number) {
  const random = seededRandom(seed);
  const progress = new Progress();
  const noted = (): void => progress.tell();
  const far = new KillableBroker(join(location, 'far'), 'written');
  await far.start();
  const near = new KillableBroker(join(location, 'near'), 'written', far.port);
  await near.start();
  const brokers = [near, far];
  try {
    const subscribers = await Promise.all(
      brokers.map(({ port }, i) => Subscriber.subscribe(port, `subscriber-${i}`, noted)),
    );
    const publishers = brokers.flatMap(({ port }, i) =>
      ([1, 2] as const).map((qos) => new Publisher(port, `publisher-${i}-${qos}`, qos, noted)),
    );
    const ledgers = publishers.map(({ ledger }) => ledger);
    for (let round = 0; round < rounds; round++) {
      const goal = acknowledgedBy(ledgers) + 50 + random.integer(400);
      await progress.until(() => acknowledgedBy(ledgers) >= goal);
      const victims = [[near], [far], [near, far]][random.integer(3)] ?? [];
      for (const victim of victims) await victim.kill();
      for (const victim of victims) await victim.start();
    }
    await Promise.all(publishers.map((publisher) => publisher.stop()));
    await progress.until(() => subscribers.every(({ ledger }) => ledgers.every((sent) => ledger.has(sent))));
    const faults = subscribers.flatMap(({ ledger }) => ledgers.flatMap((sent) => broken(sent, ledger)));
    await Promise.all([...publishers, ...subscribers].map((client) => client.end()));
    return { faults, acknowledged: acknowledgedBy(ledgers) };
  } finally {
    for (const broker of brokers) await broker.kill();
  }
}

function acknowledgedBy(ledgers: readonly PublisherLedger[]): number {
  return ledgers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
}

test(
  'what was acknowledged on one of two bridged brokers comes to both, whichever is killed',
  async () => {
    const location = await mkdtemp(join(tmpdir(), 'carillon-bridged-'));
    try {
      const report = await bridgedRounds(location, Number(CRASH_SEED));
      expect(report.faults).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(rounds * 50);
    } finally {
      await rm(location, { recursive: true, force: true });
    }
  },
  patience,
);
