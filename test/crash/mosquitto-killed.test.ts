import { seededRandom } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { describeWith } from '../interop/installed.ts';
import { inOrder, MosquittoBroker, mosquittoServer, savingEachChange } from '../interop/mosquitto-broker.ts';
import { within } from '../interop/time-limit.ts';
import { crashBridge } from './crash-bridge.ts';
import { inFolder } from './in-folder.ts';
import { acknowledgedBy } from './joined-rounds.ts';
import { KillableBroker } from './killable-broker.ts';
import type { PublisherLedger, SubscriberLedger } from './ledger.ts';
import { Progress } from './rounds.ts';
import { Publisher, Subscriber } from './traffic.ts';
import { type Way, WireWitness } from './wire-witness.ts';

const { CRASH_ROUNDS = '1', CRASH_SEED = '1' } = process.env;
const rounds = Number(CRASH_ROUNDS);
const patience = 120_000 + rounds * 20_000;

interface Judgement {
  /** What breaks a promise of the bridge; empty when nothing does. */
  readonly faults: readonly string[];
  /** Messages that Mosquitto had taken over and did not know of any more when it came back. */
  readonly forgotten: number;
}

/**
 * Mosquitto acknowledges before it saves: what was under way in a life of it that was killed may be gone there, or come
 * from there once more, and no bridge can know. Everything else has to come, QoS 2 once, and all of it in order.
 */
function judge(witness: WireWitness, way: Way, sent: PublisherLedger, received: SubscriberLedger): Judgement {
  const topic = `crash/${sent.name}`;
  const numbers = received.from(sent.name);
  const known = new Set(numbers);
  const missing = [...sent.acknowledged].filter((number) => !known.has(number));
  const lost = missing.filter((number) => witness.isOwed(way, topic, String(number)));
  const faults = lost.map((number) => `${way}: ${topic} ${number} is missing`);
  const doubled = numbers.filter((number, i) => numbers.indexOf(number) !== i);
  const unexcused = doubled.find((number) => !witness.wasAtDeath(way, topic, String(number)));
  if (sent.qos === 2 && unexcused !== undefined) faults.push(`${way}: ${topic} ${unexcused} came twice`);
  const firsts = [...known];
  const late = firsts.findIndex((number, i) => i > 0 && number < (firsts[i - 1] ?? 0));
  if (late !== -1) faults.push(`${way}: ${topic} ${firsts[late]} came first after ${firsts[late - 1]}`);
  return { faults, forgotten: missing.length - lost.length };
}

async function killedRounds(protocolVersion: 4 | 5, location: string) {
  const random = seededRandom(Number(CRASH_SEED));
  const progress = new Progress();
  const noted = (): void => progress.tell();
  await using mosquitto = await MosquittoBroker.open([...inOrder, ...savingEachChange]);
  await using witness = await WireWitness.open(mosquitto.ports.open, protocolVersion);
  await using near = new KillableBroker(location, 'written', crashBridge(witness.port, protocolVersion));
  await near.start();
  await near.until('crash', 'connected');
  const atNear = await Subscriber.subscribe(near.port, 'at-near', noted);
  const atFar = await Subscriber.subscribe(mosquitto.ports.open, 'at-far', noted);
  atFar.subscribeAnew(noted);
  const qualities = [1, 2] as const;
  const out = qualities.map((qos) => new Publisher(near.port, `near-${qos}`, qos, noted));
  const back = qualities.map((qos) => new Publisher(mosquitto.ports.open, `far-${qos}`, qos, noted));
  const publishers = [...out, ...back];
  const ledgers = publishers.map(({ ledger }) => ledger);
  const victims = [['mosquitto'], ['mosquitto'], ['mosquitto', 'near']];
  for (let round = 0; round < rounds; round++) {
    const goal = acknowledgedBy(ledgers) + 50 + random.integer(200);
    await progress.until(() => acknowledgedBy(ledgers) >= goal);
    await mosquitto.kill();
    witness.farSideDied();
    const isNearToo = victims[random.integer(victims.length)]?.includes('near') === true;
    if (isNearToo) await near.kill();
    await mosquitto.start();
    // Its own subscriber comes back first: what came before it would be for nobody.
    await within(
      'the subscriber to be back',
      progress.until(() => atFar.isThere),
    );
    witness.release();
    if (isNearToo) await near.start();
  }
  // A last life without a kill: what is carried in it has no excuse.
  const lastGoal = acknowledgedBy(ledgers) + 100;
  await progress.until(() => acknowledgedBy(ledgers) >= lastGoal);
  await Promise.all(publishers.map((publisher) => publisher.stop()));
  const judgements = (): Judgement[] => [
    ...out.map(({ ledger }) => judge(witness, 'out', ledger, atFar.ledger)),
    ...back.map(({ ledger }) => judge(witness, 'in', ledger, atNear.ledger)),
  ];
  const isGood = (): boolean => judgements().every(({ faults }) => faults.length === 0);
  // What does not come is named below.
  await within('all messages to come', progress.until(isGood)).catch(() => {});
  await Promise.all([...publishers, atNear, atFar].map((client) => client.end()));
  const final = judgements();
  return {
    faults: final.flatMap(({ faults }) => faults),
    forgotten: final.reduce((sum, { forgotten }) => sum + forgotten, 0),
    acknowledged: acknowledgedBy(ledgers),
  };
}

describeWith([mosquittoServer], 'When Mosquitto is killed', () => {
  test.each([5, 4] as const)(
    'a bridge to it loses and doubles nothing but what Mosquitto has forgotten itself, in version %d',
    async (version) => {
      const report = await inFolder((location) => killedRounds(version, location));
      expect(report.faults).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(rounds * 50);
      expect(report.forgotten).toBeLessThan(report.acknowledged / 2);
    },
    patience,
  );
});
