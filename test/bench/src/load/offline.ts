import { Client, type Role } from './client.ts';
import { publishTemplate } from './frames.ts';
import { inGroups, numbered } from './groups.ts';
import { pause, ratesOf, startInterval } from './interval.ts';
import { OutgoingFrames } from './outgoing-frames.ts';
import type { LoadResult, OfflinePlan, ReadyLoad } from './plan.ts';
import { Signal } from './signal.ts';
import { noFaults, Tally } from './tally.ts';

/** One publisher with the topics of some sessions, in turn. */
interface Sender {
  readonly frames: OutgoingFrames;
  acknowledged: number;
}

/**
 * Messages of QoS 1 to sessions whose clients are away: how fast are they acknowledged? Then the clients come back,
 * and all of it is sent to them: how fast is that?
 */
export async function prepareOffline(plan: OfflinePlan): Promise<ReadyLoad> {
  await inGroups(numbered(plan.sessions), async (index) => {
    const client = await openSession(plan, index);
    await client.subscribe([topicOf(index % plan.publishers)], 1);
    await client.leave();
  });
  const publishers = await inGroups(numbered(plan.publishers), (index) =>
    Client.open(plan.address, { version: 4, clientId: `p${index}`, clean: true }),
  );
  return { run: () => runOffline(plan, publishers) };
}

async function runOffline(plan: OfflinePlan, publishers: readonly Client[]): Promise<LoadResult> {
  const faults = noFaults();
  let isRunning = true;
  const senders = publishers.map((client, index): Sender => {
    const message = { version: 4, qos: 1, topic: topicOf(index), payloadBytes: 64 } as const;
    const sender = {
      frames: new OutgoingFrames(client, index, publishTemplate(message), plan.window),
      acknowledged: 0,
    };
    const pump = (): void => {
      const room = plan.window - (sender.frames.sent - sender.acknowledged);
      if (isRunning && room > 0) sender.frames.send(room);
    };
    client.role = {
      publish: () => faults.stray++,
      acknowledged: (_type, _packetId, reason) => {
        sender.acknowledged++;
        if (reason >= 0x80) faults.refused++;
      },
      chunkDone: pump,
      lost: () => faults.closed++,
    };
    pump();
    return sender;
  });
  const acknowledged = () => senders.reduce((sum, sender) => sum + sender.acknowledged, 0);
  const sent = () => senders.reduce((sum, { frames }) => sum + frames.sent, 0);
  await pause(plan.warmSeconds);
  const before = acknowledged();
  const accepting = startInterval(plan.brokerPid);
  await pause(plan.seconds);
  const interval = accepting();
  const accepted = acknowledged() - before;
  isRunning = false;
  for (let tries = 0; acknowledged() < sent() && tries < 500; tries++) await pause(0.01);
  if (acknowledged() < sent()) throw new Error(`${sent() - acknowledged()} messages were never acknowledged`);

  const { rate: drainRate, cpu: drainCpu } = await drainAll(plan, senders, faults);
  return {
    figures: { ...ratesOf(interval, accepted), drainRate, drainCpu },
    faults,
    generatorShare: interval.generatorShare,
  };
}

async function drainAll(
  plan: OfflinePlan,
  senders: readonly Sender[],
  faults: ReturnType<typeof noFaults>,
): Promise<ReturnType<typeof ratesOf>> {
  const waiting = numbered(plan.sessions).map((index) => {
    const publisher = index % plan.publishers;
    return new Backlog(senders[publisher]?.frames.sent ?? 0, new Tally(publisher, 1, faults));
  });
  const draining = startInterval(plan.brokerPid);
  const clients = await inGroups(waiting, (backlog, index) => openSession(plan, index, backlog));
  await Promise.all(waiting.map(({ all }) => all));
  const interval = draining();
  for (const client of clients) client.destroy();
  return ratesOf(
    interval,
    waiting.reduce((sum, { expected }) => sum + expected, 0),
  );
}

function openSession({ address }: OfflinePlan, index: number, role?: Role): Promise<Client> {
  return Client.open(address, { version: 4, clientId: `session${index}`, clean: false }, role);
}

function topicOf(publisher: number): string {
  return `bench/${publisher}`;
}

/** A session's client that waits for all that was kept for it. */
class Backlog implements Role {
  readonly expected: number;
  readonly #tally: Tally;
  readonly #done = new Signal();
  #count = 0;

  constructor(expected: number, tally: Tally) {
    this.expected = expected;
    this.#tally = tally;
    if (expected === 0) this.#done.give();
  }

  get all(): Promise<void> {
    return this.#done.given;
  }

  publish(_qos: number, _packetId: number, publisher: number, sequence: number): void {
    if (this.#tally.take(publisher, sequence)) this.#count++;
  }

  chunkDone(): void {
    if (this.#count >= this.expected) this.#done.give();
  }

  acknowledged(): void {}

  lost(why: string): void {
    this.#done.fail(why);
  }
}
