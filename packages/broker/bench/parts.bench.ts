import type { SubscriptionRecord } from '@carillon/persistence';
import { bench, describe } from 'vitest';
import { Output } from '../src/connection/output.ts';
import { OutputSlab, type OutputSlabs } from '../src/connection/output-slab.ts';
import { Router } from '../src/routing/router.ts';
import { type Receiver, Subscription } from '../src/routing/subscription.ts';
import { MemoryClient } from './memory-client.ts';

const receiver: Receiver = {
  clientId: 'receiver',
  publisherId: 'receiver',
  mountPoint: '',
  isConnected: true,
  load: 0,
  isStored: false,
  takes: () => true,
  accept: () => {},
  directLine: () => undefined,
};

function subscriptionTo(filter: string): Subscription {
  const record: SubscriptionRecord = {
    filter,
    topicFilter: filter,
    shareName: undefined,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: undefined,
  };
  return new Subscription(receiver, record);
}

describe('the route of a topic among 100,000 filters', () => {
  const router = new Router({ copyPerFilter: false });
  const topics = Array.from({ length: 100_000 }, (_, site) => `site/${site}/state`);
  for (const topic of topics) router.add(subscriptionTo(topic));
  let turn = 0;
  const next = (count: number): string => {
    turn += 7919;
    return topics[turn % count] ?? '';
  };

  bench('of a hundred topics again and again', () => void router.route(next(100)));
  bench('of all topics in turn', () => void router.route(next(topics.length)));
});

describe.each([1000, 10_000])('a share group of %i', (size) => {
  const router = new Router({ copyPerFilter: false });
  const member = (): Subscription => {
    const { record } = subscriptionTo('jobs');
    return new Subscription(receiver, { ...record, filter: '$share/workers/jobs', shareName: 'workers' });
  };
  const members = Array.from({ length: size }, member);
  for (const one of members) router.add(one);
  let turn = 0;

  bench('one leaves, another joins', () => {
    turn = (turn + 7919) % size;
    const [leaver, joiner] = [members[turn], member()];
    if (leaver !== undefined) router.remove(leaver);
    router.add(joiner);
    members[turn] = joiner;
  });
  bench('one subscribes again', () => {
    turn = (turn + 7919) % size;
    const [before, after] = [members[turn], member()];
    if (before !== undefined) router.replace(before, after);
    members[turn] = after;
  });
});

describe('the output of a connection, 100 ranges of 80 bytes', () => {
  const channel = new MemoryClient();
  const slabs = { packets: new OutputSlab(), acknowledgements: new OutputSlab() };
  const output = new Output(slabs, channel);
  const chunk = new Uint8Array(16 * 1024);
  const append = (distance: number): void => {
    for (let index = 0; index < 100; index++) {
      output.appendRange(chunk, index * distance, index * distance + 80);
    }
    output.flush();
    channel.received = [];
  };

  const frame = { bytes: chunk, start: 0, end: 80, packetIdAt: 20, payload: [], length: 80 };
  /** To the receiver and to the publisher, as at QoS 1. */
  const byTurns = (their: OutputSlabs): void => {
    const [receiver, publisher] = [new Output(their, channel), new Output(their, channel)];
    for (let packetId = 1; packetId <= 100; packetId++) {
      receiver.appendWithPacketId(frame, packetId);
      publisher.appendShortAcknowledgement(0x40, packetId);
    }
    receiver.flush();
    publisher.flush();
    channel.received = [];
  };

  bench('side by side: one slice', () => append(80));
  bench('apart: joined in the slab', () => append(81));
  bench('with their acknowledgements, each kind in a slab of its own', () => byTurns(slabs));
  const together = new OutputSlab();
  bench('with their acknowledgements, all in one slab, for comparison', () =>
    byTurns({ packets: together, acknowledgements: together }),
  );
  bench('acknowledgements: written side by side', () => {
    for (let packetId = 1; packetId <= 100; packetId++) output.appendShortAcknowledgement(0x40, packetId);
    output.flush();
    channel.received = [];
  });
});
