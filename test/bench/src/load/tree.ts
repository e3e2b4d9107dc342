import { Client } from './client.ts';
import { subscribeFrame } from './frames.ts';
import { inGroups, numbered } from './groups.ts';
import { ratesOf, startInterval } from './interval.ts';
import { digits } from './numbered-topic.ts';
import type { ReadMemory, ReadyLoad, TreePlan, TreeShape } from './plan.ts';
import { median } from './statistics.ts';
import { RECEIVERS, type Sample, type SiteOf, TreeTraffic } from './tree-traffic.ts';

/** Filters of one client at most. Some brokers search the list of a client's own. */
const FILTERS_OF_CLIENT = 1000;
/** Topics of each of them that come again and again. */
const HOT_TOPICS = 20;
/** Filters in one SUBSCRIBE. */
const FILTERS_OF_PACKET = 100;
/** How often each kind of message is measured, in turn. */
const SAMPLES = 5;

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
      const frames = subscribers.map((_, index) => subscribeFrames(index, clients, plan));
      const subscribing = startInterval(plan.brokerPid);
      // All at once; the broker answers them one after the other.
      await Promise.all(
        subscribers.flatMap((client, index) => frames[index]?.map((frame) => client.subscribeBy(frame))),
      );
      const subscribed = ratesOf(subscribing(), plan.filters);
      const bytes = (await readMemory('collected')) - before;
      // A thousand topics again and again: what a broker remembers of topics is the same at any size.
      const hot: SiteOf = (receiver, sequence) => receiver + clients * (sequence % HOT_TOPICS);
      // All topics of the receivers in turn, no two near each other: of many, little is remembered.
      const topics = Math.floor(plan.filters / clients);
      const spread: SiteOf = (receiver, sequence) => receiver + clients * ((sequence * 7919) % topics);
      const traffic = new TreeTraffic(plan, publisher, subscribers);
      await traffic.warmUp(hot);
      await traffic.warmUp(spread);
      const samples = { hot: [] as Sample[], spread: [] as Sample[] };
      for (let sample = 0; sample < SAMPLES; sample++) {
        samples.hot.push(await traffic.measure(hot, plan.seconds / 2));
        samples.spread.push(await traffic.measure(spread, plan.seconds / 2));
      }
      const medianOf = (of: readonly Sample[], figure: keyof Sample) =>
        median(of.map((sample) => sample[figure]));
      return {
        figures: {
          subscribeRate: subscribed.rate,
          subscribeCpu: subscribed.cpu,
          bytes,
          rate: medianOf(samples.hot, 'rate'),
          cpu: medianOf(samples.hot, 'cpu'),
          spreadCpu: medianOf(samples.spread, 'cpu'),
        },
        faults: traffic.faults,
        generatorShare: medianOf(samples.hot, 'generatorShare'),
      };
    },
  };
}

/** The filters of a client, encoded before it is measured how fast the broker takes them. */
function subscribeFrames(index: number, clients: number, plan: TreePlan): Buffer[] {
  const own: string[] = [];
  for (let number = index; number < plan.filters; number += clients) own.push(filterOf(number, plan.shape));
  const frames: Buffer[] = [];
  for (let from = 0; from < own.length; from += FILTERS_OF_PACKET) {
    const packetId = 1 + from / FILTERS_OF_PACKET;
    frames.push(subscribeFrame(4, packetId, own.slice(from, from + FILTERS_OF_PACKET), 0));
  }
  return frames;
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
