import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@carillon/testkit';
import { KillableBroker } from './killable-broker.ts';
import { broken, outdated, type PublisherLedger, type SubscriberLedger } from './ledger.ts';
import { Publisher, readRetained, Subscriber } from './traffic.ts';

export interface CrashOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly durability: 'written' | 'synced';
}

export interface CrashReport {
  readonly faults: readonly string[];
  readonly acknowledged: number;
  readonly kills: number;
}

/**
 * Publishers at full speed, a subscriber that is online and one that is away; the broker is killed again and
 * again after a random number of acknowledgements. In the end everything that was acknowledged has to be
 * where it belongs.
 */
export async function crashRounds(options: CrashOptions): Promise<CrashReport> {
  const location = await mkdtemp(join(tmpdir(), 'carillon-crash-'));
  const broker = new KillableBroker(location, options.durability);
  try {
    return await run(broker, options);
  } finally {
    await broker.kill();
    await rm(location, { recursive: true, force: true });
  }
}

async function run(broker: KillableBroker, { rounds, seed }: CrashOptions): Promise<CrashReport> {
  const random = seededRandom(seed);
  const progress = new Progress();
  await broker.start();
  const noted = (): void => progress.tell();
  const away = await Subscriber.subscribe(broker.port, 'away', noted);
  await away.end();
  const online = await Subscriber.subscribe(broker.port, 'online', noted);
  const publishers = [1, 1, 2, 2].map(
    (qos, i) => new Publisher(broker.port, `publisher-${i}`, qos === 1 ? 1 : 2, noted),
  );
  const ledgers = publishers.map(({ ledger }) => ledger);
  for (let round = 0; round < rounds; round++) {
    const goal = acknowledgedBy(ledgers) + 50 + random.integer(400);
    await progress.until(() => acknowledgedBy(ledgers) >= goal);
    await broker.kill();
    await broker.start();
  }
  await Promise.all(publishers.map((publisher) => publisher.stop()));
  const back = Subscriber.resume(broker.port, 'away', noted);
  const receivers = [online.ledger, back.ledger];
  await progress.until(() => hasEverything(receivers, ledgers));
  const retained = await readRetained(broker.port, ledgers.length);
  const faults = [
    ...receivers.flatMap((receiver) => ledgers.flatMap((ledger) => broken(ledger, receiver))),
    ...ledgers.flatMap((ledger) => outdated(ledger, retained)),
  ];
  await Promise.all([...publishers, online, back].map((client) => client.end()));
  return { faults, acknowledged: acknowledgedBy(ledgers), kills: rounds };
}

function hasEverything(receivers: readonly SubscriberLedger[], ledgers: readonly PublisherLedger[]): boolean {
  return receivers.every((receiver) => ledgers.every((ledger) => receiver.has(ledger)));
}

function acknowledgedBy(ledgers: readonly PublisherLedger[]): number {
  return ledgers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
}

/** Wakes whoever waits for something to be true, whenever something has happened. */
export class Progress {
  #waiting: (() => void)[] = [];

  tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}
