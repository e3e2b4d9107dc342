import { Client, type Role } from './client.ts';
import { publishTemplate } from './frames.ts';
import { inGroups, numbered } from './groups.ts';
import { pause, ratesOf, startInterval, warmUp } from './interval.ts';
import { digits, NumberedTopic } from './numbered-topic.ts';
import { OutgoingFrames } from './outgoing-frames.ts';
import type { LoadResult, ReadMemory, ReadyLoad, TreePlan, TreeShape } from './plan.ts';
import { type Faults, noFaults } from './tally.ts';

/** Filters of one client at most. Some brokers search the list of a client's own. */
const FILTERS_OF_CLIENT = 1000;
/** Clients that get messages, the same at any size: it is the tree that is to make a difference, not their sockets. */
const RECEIVERS = 50;
/** Topics of each of them that come again and again. */
const HOT_TOPICS = 20;
/** Filters in one SUBSCRIBE. */
const FILTERS_OF_PACKET = 100;
/** Messages under way. */
const WINDOW = 100;
/** Messages in a row to one client, so that writes are joined and do not hide what a match costs. */
const IN_A_ROW = 20;

const WARM_MESSAGES = 20_000;

/** Many filters, shared out among clients; then messages, each of which matches exactly one of them. */
export async function prepareTree(plan: TreePlan, readMemory: ReadMemory): Promise<ReadyLoad> {
  const open = (clientId: string) => Client.open(plan.address, { version: 4, clientId, clean: true });
  // Filter number `n` belongs to client number `n` modulo their count.
  const clients = Math.max(RECEIVERS, Math.ceil(plan.filters / FILTERS_OF_CLIENT));
  const subscribers = await inGroups(numbered(clients), (index) => open(`s${index}`));
  const publisher = await open('publisher');
  return {
    run: async () => {
      const before = await readMemory('collected');
      const subscribing = startInterval(plan.brokerPid);
      await Promise.all(subscribers.map((client, index) => subscribe(client, index, clients, plan)));
      const { seconds } = subscribing();
      const bytes = (await readMemory('collected')) - before;
      const siteAt = (sequence: number, topics: number, step: number): number => {
        const receiver = Math.floor(sequence / IN_A_ROW) % RECEIVERS;
        return receiver + clients * ((sequence * step) % topics);
      };
      // A thousand topics again and again: what a broker remembers of topics is the same at any size.
      const hot = await publish(plan, publisher, subscribers, (sequence) => siteAt(sequence, HOT_TOPICS, 1));
      // All topics of the receivers in turn, no two near each other: of many, little is remembered.
      const topics = Math.floor(plan.filters / clients);
      const spread = await publish(plan, publisher, subscribers, (sequence) =>
        siteAt(sequence, topics, 7919),
      );
      const { cpu: spreadCpu = Number.NaN } = spread.figures;
      return {
        figures: {
          subscribeRate: plan.filters / seconds,
          bytes,
          ...hot.figures,
          spreadCpu,
        },
        faults: hot.faults,
        generatorShare: hot.generatorShare,
      };
    },
  };
}

/** All packets at once; the broker answers them one after the other. */
async function subscribe(client: Client, index: number, clients: number, plan: TreePlan): Promise<void> {
  const own: string[] = [];
  for (let number = index; number < plan.filters; number += clients) own.push(filterOf(number, plan.shape));
  const answers: Promise<void>[] = [];
  for (let from = 0; from < own.length; from += FILTERS_OF_PACKET) {
    const packetId = 1 + from / FILTERS_OF_PACKET;
    answers.push(client.subscribe(own.slice(from, from + FILTERS_OF_PACKET), 0, packetId));
  }
  await Promise.all(answers);
}

/** Each matches `sites/<number>/pump/state`, and no other number's. */
function filterOf(number: number, shape: TreeShape): string {
  const site = digits(number);
  const shapes = {
    exact: `sites/${site}/pump/state`,
    plus: `sites/${site}/+/state`,
    hash: `sites/${site}/#`,
  };
  if (shape !== 'mixed') return shapes[shape];
  return [shapes.exact, shapes.plus, shapes.hash, `+/${site}/pump/+`][number % 4] ?? shapes.exact;
}

async function publish(
  plan: TreePlan,
  publisher: Client,
  subscribers: readonly Client[],
  siteOf: (sequence: number) => number,
): Promise<LoadResult> {
  const faults = noFaults();
  const topic = new NumberedTopic('sites/', '/pump/state');
  const template = publishTemplate({ version: 4, qos: 0, topic: topic.sample, payloadBytes: 64 });
  const frames = new OutgoingFrames(publisher, 0, template, WINDOW, (bytes, at, sequence) =>
    topic.write(bytes, at, siteOf(sequence)),
  );
  let arrived = 0;
  let isRunning = true;
  const pump = (): void => {
    const room = WINDOW - (frames.sent - arrived);
    if (isRunning && room > 0) frames.send(room);
  };
  for (const client of subscribers) {
    client.role = new InOrder(faults, pump, () => arrived++);
  }
  pump();
  await warmUp(plan.warmSeconds, WARM_MESSAGES, () => arrived);
  const before = arrived;
  const finish = startInterval(plan.brokerPid);
  await pause(plan.seconds);
  const interval = finish();
  const count = arrived - before;
  isRunning = false;
  for (let tries = 0; frames.sent > arrived && tries < 200; tries++) await pause(0.01);
  faults.lost = frames.sent - arrived;
  return {
    figures: ratesOf(interval, count),
    faults,
    generatorShare: interval.generatorShare,
  };
}

/** A subscriber that gets some of the messages: each later than the one before. */
class InOrder implements Role {
  readonly #faults: Faults;
  readonly #pump: () => void;
  readonly #count: () => void;
  #last = -1;

  constructor(faults: Faults, pump: () => void, count: () => void) {
    this.#faults = faults;
    this.#pump = pump;
    this.#count = count;
  }

  publish(_qos: number, _packetId: number, _publisher: number, sequence: number): void {
    if (sequence > this.#last) this.#count();
    else this.#faults.repeated++;
    this.#last = sequence;
  }

  chunkDone(): void {
    this.#pump();
  }

  acknowledged(): void {}

  lost(): void {
    this.#faults.closed++;
  }
}
