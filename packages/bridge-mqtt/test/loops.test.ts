import { describe, expect, it } from 'vitest';
import type { BridgeOptions } from '../src/link-options.ts';
import { settleLink } from '../src/link-settings.ts';
import { JoinedBrokers, type Site } from './joined-brokers.ts';

const everything = (name: string, options: Partial<BridgeOptions> = {}): BridgeOptions => ({
  name: `to-${name}`,
  addresses: `mqtt://${name}`,
  topics: ['# both 2'],
  ...options,
});

/** Publishes one message at each site, and says what a listener at each gets. */
async function oneFromEach(world: JoinedBrokers, sites: readonly Site[]): Promise<string[][]> {
  const clients = await Promise.all(
    sites.map((site) => world.client(site, { clientId: `listener-${site.name}` })),
  );
  for (const client of clients) await client.subscribe('#', { qos: 2 });
  for (const [i, client] of clients.entries())
    await client.publish(`from/${sites[i]?.name}`, 'x', { qos: 1 });
  const all: string[][] = [];
  for (const client of clients) {
    const topics: string[] = [];
    for (const packet of await client.receiveAll()) {
      if (packet.type !== 'publish') continue;
      topics.push(packet.topic);
      await client.ack(packet);
    }
    all.push(topics.sort());
  }
  return all;
}

describe('Messages do not go round', () => {
  it('between two brokers, each with a bridge to the other for everything both ways', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [everything('b')]);
    const b = world.site('b', [everything('a')]);
    await world.start();
    expect(await oneFromEach(world, [a, b])).toEqual([
      ['from/a', 'from/b'],
      ['from/a', 'from/b'],
    ]);
  });

  it('between two brokers in MQTT 3.1.1, where the bridge bit stands in for No Local', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [everything('b', { protocolVersion: 4 })]);
    const b = world.site('b');
    await world.start();
    expect(await oneFromEach(world, [a, b])).toEqual([
      ['from/a', 'from/b'],
      ['from/a', 'from/b'],
    ]);
  });

  it.each(['both', 'out', 'in'])('in a ring of three, each bridged to the next: %s', async (direction) => {
    const world = new JoinedBrokers();
    const topics = [`# ${direction} 2`];
    const a = world.site('a', [everything('b', { topics })]);
    const b = world.site('b', [everything('c', { topics })]);
    const c = world.site('c', [everything('a', { topics })]);
    await world.start();
    const all = ['from/a', 'from/b', 'from/c'];
    expect(await oneFromEach(world, [a, b, c])).toEqual([all, all, all]);
  });

  it('in a ring of five', async () => {
    const world = new JoinedBrokers();
    const names = ['a', 'b', 'c', 'd', 'e'];
    const sites = names.map((name, i) => world.site(name, [everything(names[(i + 1) % 5] ?? '')]));
    await world.start();
    const all = names.map((name) => `from/${name}`);
    expect(await oneFromEach(world, sites)).toEqual([all, all, all, all, all]);
  });

  it('further than the hops that are allowed', async () => {
    const world = new JoinedBrokers();
    const one = { topics: ['# out 1'], maximumHops: 1 };
    const a = world.site('a', [everything('b', one)]);
    const b = world.site('b', [everything('c', one)]);
    const c = world.site('c');
    await world.start();
    expect(await oneFromEach(world, [a, b, c])).toEqual([
      ['from/a'],
      ['from/a', 'from/b'],
      ['from/b', 'from/c'],
    ]);
    expect(b.bridge.state.get('to-c')?.counters.dropped.loop).toBe(1);
  });

  it('to the broker itself: the bridge stops and says why', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [everything('a')]);
    await world.start();
    expect(a.bridge.state.get('to-a')).toMatchObject({
      condition: 'stopped',
      lastError: { code: 'BRIDGE_LOOPS' },
    });
  });
});

describe('What obviously loops is refused at the start', () => {
  it('when a topic comes back under another name and goes out again', () => {
    const loops = everything('b', { topics: ['# out 1 "" x/', '# in 1'] });
    expect(() => settleLink(loops)).toThrow(/would loop: what .* sends out comes back .* under another name/);
  });

  it('but not what comes back as it was, or is not taken again', () => {
    settleLink(everything('b', { topics: ['# both 1 "" x/'] }));
    settleLink(everything('b', { topics: ['a/# out 1 "" x/', '# in 1'] }));
    settleLink(everything('b', { topics: ['+/state out', '# in'] }));
    settleLink(everything('b', { topics: ['a/+ both', 'a/b/# both'] }));
  });

  it('when two bridges to one broker undo each other', () => {
    const world = new JoinedBrokers();
    const crossing = [
      everything('b', { topics: ['a/# out'] }),
      everything('b', { name: 'back', topics: ['# in'] }),
    ];
    expect(() => world.site('a', crossing)).toThrow(expect.objectContaining({ code: 'BRIDGE_LOOPS' }));
  });

  it('when several connections to a broker of 3.1.1 would get back what they send', () => {
    const shared = everything('b', { connections: 2, protocolVersion: 4 });
    expect(() => settleLink(shared)).toThrow(expect.objectContaining({ code: 'BRIDGE_LOOPS' }));
  });
});
