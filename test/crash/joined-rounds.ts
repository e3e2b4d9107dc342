import { seededRandom } from '@carillon/testkit';
import { within } from '../interop/time-limit.ts';
import { broken, type PublisherLedger } from './ledger.ts';
import { type CrashReport, Progress } from './rounds.ts';
import { Publisher, Subscriber } from './traffic.ts';

/** A broker that can be killed and started again on its port. */
export interface Mortal {
  readonly port: number;
  start(): Promise<void>;
  kill(): Promise<void>;
}

export interface JoinedRounds {
  /** Both run, and one has a bridge to the other for `crash/#`, both ways, QoS 2. */
  readonly brokers: readonly [Mortal, Mortal];
  /** Who may be killed together; one of these is drawn for each round. */
  readonly victims: readonly (readonly Mortal[])[];
  readonly rounds: number;
  readonly seed: number;
}

/**
 * Publishers at full speed on both brokers, a subscriber on each, while victims are killed after random numbers of
 * acknowledgements: what was acknowledged anywhere has to be everywhere, QoS 2 once, in order.
 */
export async function joinedRounds({ brokers, victims, rounds, seed }: JoinedRounds): Promise<CrashReport> {
  const random = seededRandom(seed);
  const progress = new Progress();
  const noted = (): void => progress.tell();
  const subscribers = await Promise.all(
    brokers.map(({ port }, i) => Subscriber.subscribe(port, `subscriber-${i}`, noted)),
  );
  const publishers = brokers.flatMap(({ port }, i) =>
    ([1, 2] as const).map((qos) => new Publisher(port, `publisher-${i}-${qos}`, qos, noted)),
  );
  const ledgers = publishers.map(({ ledger }) => ledger);
  let kills = 0;
  for (let round = 0; round < rounds; round++) {
    const goal = acknowledgedBy(ledgers) + 50 + random.integer(400);
    await within(
      'acknowledgements',
      progress.until(() => acknowledgedBy(ledgers) >= goal),
    );
    const drawn = victims[random.integer(victims.length)] ?? [];
    for (const victim of drawn) await victim.kill();
    for (const victim of drawn) await victim.start();
    kills += drawn.length;
  }
  await Promise.all(publishers.map((publisher) => publisher.stop()));
  const faults = (): string[] =>
    subscribers.flatMap(({ ledger }) => ledgers.flatMap((sent) => broken(sent, ledger)));
  const haveAll = (): boolean => subscribers.every(({ ledger }) => ledgers.every((sent) => ledger.has(sent)));
  // What does not come is named in the report.
  await within('all messages to come', progress.until(haveAll)).catch(() => {});
  await Promise.all([...publishers, ...subscribers].map((client) => client.end()));
  return { faults: faults(), acknowledged: acknowledgedBy(ledgers), kills };
}

export function acknowledgedBy(ledgers: readonly PublisherLedger[]): number {
  return ledgers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
}
