import { bridgeToWork } from './bridge-to-work.ts';
import { Client } from './client.ts';
import { Flow, Receiver } from './flow.ts';
import { inGroups, numbered } from './groups.ts';
import { pause, ratesOf, startInterval, warmUp } from './interval.ts';
import { OutgoingFrames } from './outgoing-frames.ts';
import type { Layout, LoadResult, MessagesPlan, ReadyLoad } from './plan.ts';
import { Tally } from './tally.ts';
import { templatesOf } from './templates.ts';
import { Traffic } from './traffic.ts';
import type { Address } from './transport.ts';

const WARM_MESSAGES = 20_000;

/** Publishers and subscribers, as a layout places them. */
interface Places {
  /** One topic for each publisher. */
  readonly topics: readonly string[];
  readonly subscribers: readonly {
    readonly filter: string;
    readonly first: number;
    readonly publishers: number;
  }[];
  readonly receiversEach: number;
}

export async function prepareMessages(plan: MessagesPlan): Promise<ReadyLoad> {
  const traffic = await prepareTraffic(plan);
  return { run: () => runMessages(plan, traffic, placesOf(plan.layout).receiversEach) };
}

/** Connects everybody, so that nothing is missing but the start. */
export async function prepareTraffic(plan: MessagesPlan): Promise<Traffic> {
  const { qos, version, address, far } = plan;
  const subscribeAt = far?.address ?? address;
  const places = placesOf(plan.layout);
  const traffic = new Traffic(plan.pace);
  const most = plan.pace.kind === 'window' ? plan.pace.messages : 1;
  const aliases = plan.extras === 'aliases' ? { topicAliasMaximum: 16 } : {};
  // Each generator has clients of its own.
  const open = (name: string, at: Address) => {
    const clientId = `${process.pid}-${name}`;
    return Client.open(at, { version, clientId, clean: true, ...aliases });
  };
  if (far !== undefined) await bridgeToWork(address, far.address);

  await inGroups(places.subscribers, async ({ filter, first, publishers }, index) => {
    const client = await open(`s${index}`, subscribeAt);
    await client.subscribe([filter], qos);
    new Receiver(traffic, client, new Tally(first, publishers, traffic.faults));
  });
  const publishers = await inGroups(places.topics, (_, index) => open(`p${index}`, address));
  for (const [index, client] of publishers.entries()) {
    const [template, first] = templatesOf(plan, places.topics[index] ?? '');
    const frames = new OutgoingFrames(client, index, template, most);
    if (first !== undefined) frames.sendFirst(first);
    traffic.flows.push(new Flow(traffic, client, frames, places.receiversEach, qos));
  }
  return traffic;
}

async function runMessages(plan: MessagesPlan, traffic: Traffic, receiversEach: number): Promise<LoadResult> {
  traffic.start();
  await warmUp(plan.warmSeconds, WARM_MESSAGES, () => traffic.delivered);
  const before = traffic.delivered;
  traffic.latencies.begin(performance.now());
  traffic.lateness.begin(performance.now());
  const pids = plan.far === undefined ? [plan.brokerPid] : [plan.brokerPid, plan.far.brokerPid];
  const finish = startInterval(...pids);
  await pause(plan.seconds);
  const interval = finish();
  const delivered = traffic.delivered - before;
  const latencies = traffic.isTimed ? latencyFigures(traffic) : {};
  traffic.stop();
  await arrivalOfTheRest(traffic);
  const sent = traffic.flows.reduce((sum, { frames }) => sum + frames.sent, 0);
  // Gaps were counted as they were seen; what is missing at the end no later message has shown.
  traffic.faults.lost = sent * receiversEach - traffic.delivered;
  const figures = { ...ratesOf(interval, delivered), ...latencies };
  return { figures, faults: traffic.faults, generatorShare: interval.generatorShare };
}

function latencyFigures({ latencies, lateness }: Traffic): Record<string, number> {
  const now = performance.now();
  return {
    p50: latencies.quantile(0.5),
    p99: latencies.quantile(0.99),
    usual99: latencies.usual99(now),
    p999: latencies.quantile(0.999),
    late99: lateness.usual99(now),
  };
}

/** Until all has come, or nothing more for two seconds. */
async function arrivalOfTheRest(traffic: Traffic): Promise<void> {
  for (let quietUntil = performance.now() + 2000, seen = -1; traffic.underWay > 0; ) {
    await pause(0.01);
    const { delivered } = traffic;
    if (delivered !== seen) quietUntil = performance.now() + 2000;
    else if (performance.now() > quietUntil) return;
    seen = delivered;
  }
}

function placesOf(layout: Layout): Places {
  switch (layout.kind) {
    case 'pairs': {
      const { first: number = 0 } = layout;
      const topics = numbered(layout.pairs).map((index) => `bench/${number + index}`);
      const subscribers = topics.map((filter, first) => ({ filter, first, publishers: 1 }));
      return { topics, subscribers, receiversEach: 1 };
    }
    case 'fan-out': {
      const one = { filter: 'bench/all', first: 0, publishers: 1 };
      const subscribers = numbered(layout.subscribers).map(() => one);
      return { topics: [one.filter], subscribers, receiversEach: layout.subscribers };
    }
    case 'fan-in': {
      const topics = numbered(layout.publishers).map((index) => `bench/${index}/reading`);
      const one = { filter: 'bench/+/reading', first: 0, publishers: layout.publishers };
      return { topics, subscribers: [one], receiversEach: 1 };
    }
  }
}
