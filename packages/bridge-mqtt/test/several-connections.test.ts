import type { PacketClient } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';
import type { BridgeOptions } from '../src/link-options.ts';
import { JoinedBrokers, type Site } from './joined-brokers.ts';

const topics = Array.from({ length: 24 }, (_, i) => `load/${i}`);

const bridge = (options: Partial<BridgeOptions> = {}): BridgeOptions => ({
  name: 'b',
  addresses: 'mqtt://b',
  topics: ['load/# out 1', 'down/# in 1'],
  connections: 3,
  backOff: { minimum: 10, maximum: 10 },
  ...options,
});

/** Sessions at the remote broker that have published something, with the topics of each. */
async function topicsByConnection(world: JoinedBrokers, a: Site, b: Site): Promise<Map<string, Set<string>>> {
  const by = new Map<string, Set<string>>();
  b.broker.use({
    name: 'who',
    hooks: {
      published: ({ message, client }) => {
        if (client === undefined) return;
        by.set(client.id, (by.get(client.id) ?? new Set()).add(message.topic));
      },
    },
  });
  const sender = await world.client(a);
  for (const topic of topics) await sender.publish(topic, 'x', { qos: 1 });
  await world.laboratory.settle();
  return by;
}

/** All that comes until nothing more does, acknowledged as it comes. */
async function payloadsByTopic(client: PacketClient): Promise<Map<string, string[]>> {
  const by = new Map<string, string[]>();
  for (;;) {
    const packets = await client.receiveAll();
    if (packets.length === 0) return by;
    for (const packet of packets) {
      if (packet.type !== 'publish') continue;
      by.set(packet.topic, [...(by.get(packet.topic) ?? []), new TextDecoder().decode(packet.payload)]);
      await client.ack(packet);
    }
  }
}

describe('Several connections', () => {
  it('share what goes out, each topic by one of them', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [bridge()]);
    const b = world.site('b');
    await world.start();
    const by = await topicsByConnection(world, a, b);
    expect([...by.keys()].sort()).toEqual(['a.b', 'a.b-1', 'a.b-2']);
    const all = [...by.values()].flatMap((some) => [...some]);
    expect(all.sort()).toEqual([...topics].sort());
    for (const some of by.values()) expect(some.size).toBeGreaterThan(topics.length / 8);
    expect(a.bridge.state.get('b')?.counters).toMatchObject({ forwardedOut: topics.length, waiting: 0 });
  });

  it('send back nothing that they have brought in, whichever brought it', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [bridge({ topics: ['# both 1'] })]);
    const b = world.site('b');
    await world.start();
    const listener = await world.client(b);
    await listener.subscribe('#', { qos: 0 });
    for (const topic of topics) await listener.publish(topic, 'x', { qos: 1 });
    const heard = (await listener.receiveAll()).filter(({ type }) => type === 'publish');
    expect(heard).toHaveLength(topics.length);
    expect(a.bridge.state.get('b')?.counters).toMatchObject({ forwardedIn: topics.length, forwardedOut: 0 });
  });

  it('keep the order of each topic while any of them is lost', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [bridge()]);
    const b = world.site('b');
    await world.start();
    const [sender, listener] = [await world.client(a), await world.client(b)];
    await listener.subscribe('load/#', { qos: 1 });
    const numbers = Array.from({ length: 12 }, (_, i) => String(i));
    for (const number of numbers) {
      for (const topic of topics) sender.publishOnly(topic, number, { qos: 1 });
      world.lines[Number(number) % world.lines.length]?.reset();
      await world.laboratory.advance(5);
    }
    await world.laboratory.advance(2000);
    const by = await payloadsByTopic(listener);
    for (const topic of topics) expect([...new Set(by.get(topic))], topic).toEqual(numbers);
  });

  it('wait each for its own topics while the remote broker is away', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [bridge()]);
    const b = world.site('b');
    world.unreachable.set('b', new Error('gone'));
    await world.start();
    const sender = await world.client(a);
    for (const topic of topics) await sender.publish(topic, 'x', { qos: 1 });
    expect(a.bridge.state.get('b')?.counters.waiting).toBe(topics.length);
    const queued = ['bridge:b', 'bridge:b:out:1', 'bridge:b:out:2'].map(
      (name) => a.broker.session(name)?.queued,
    );
    expect(queued.reduce((sum = 0, count = 0) => sum + count)).toBe(topics.length);
    const listener = await world.client(b);
    await listener.subscribe('load/#', { qos: 0 });
    world.unreachable.clear();
    await world.laboratory.advance(20);
    expect(await listener.receiveAll()).toHaveLength(topics.length);
  });

  it('become fewer when what the others had has been carried', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [bridge({ topics: ['# both 1'] })]);
    const b = world.site('b');
    await world.start();
    world.unreachable.set('b', new Error('gone'));
    for (const line of world.lines) line.reset();
    await world.laboratory.settle();
    const [sender, listener] = [await world.client(a), await world.client(b)];
    for (const topic of topics) await sender.publish(topic, 'x', { qos: 1 });
    for (const topic of topics) await listener.publish(`down/${topic}`, 'y', { qos: 1 });
    await listener.subscribe('load/#', { qos: 0 });
    await sender.subscribe('down/#', { qos: 0 });
    const changing = a.bridge.change(bridge({ topics: ['# both 1'], connections: 1, idleTimeout: 1 }));
    await world.laboratory.settle();
    await changing;
    world.unreachable.clear();
    await world.laboratory.advance(5000);
    expect(await payloadsByTopic(listener)).toEqual(new Map(topics.map((topic) => [topic, ['x']])));
    expect((await payloadsByTopic(sender)).size).toBe(topics.length);
    expect(a.broker.session('bridge:b:out:1')).toBeUndefined();
    expect(b.broker.session('a.b-2')).toBeUndefined();
    expect([...b.broker.shares()]).toEqual([]);
    expect(a.bridge.state.get('b')).toMatchObject({ connected: 1, counters: { waiting: 0 } });
  });

  it('become more without carrying anything twice', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [bridge({ connections: 1 })]);
    const b = world.site('b');
    await world.start();
    const changing = a.bridge.change(bridge());
    await world.laboratory.settle();
    await changing;
    const [here, there] = [await world.client(a), await world.client(b)];
    await here.subscribe('down/#', { qos: 0 });
    for (let i = 0; i < 9; i++) await there.publish('down/1', String(i), { qos: 1 });
    expect(((await payloadsByTopic(here)).get('down/1') ?? []).sort()).toEqual([...'012345678']);
    expect(b.broker.subscriptions('a.b')).toMatchObject([
      { shareName: 'bridge-b', filter: '$share/bridge-b/down/#' },
    ]);
  });
});
