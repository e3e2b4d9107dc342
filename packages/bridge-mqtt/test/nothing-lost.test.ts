import type { PacketClient } from '@carillon/testkit';
import { seededRandom } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';
import type { BridgeOptions } from '../src/link-options.ts';
import { JoinedBrokers } from './joined-brokers.ts';

const topics = ['one', 'two', 'three'];
const messagesEach = 20;

/** Everything that has come to a client, by topic, in order; acknowledged as it comes. */
async function takeAll(client: PacketClient, into: Map<string, string[]>): Promise<void> {
  for (;;) {
    const packets = await client.receiveAll();
    if (packets.length === 0) return;
    for (const packet of packets) {
      if (packet.type !== 'publish') continue;
      const known = into.get(packet.topic) ?? [];
      into.set(packet.topic, [...known, new TextDecoder().decode(packet.payload)]);
      await client.ack(packet);
    }
  }
}

const numbers = Array.from({ length: messagesEach }, (_, i) => String(i));
const withoutRepeats = (values: readonly string[] = []) => [...new Set(values)];

/** Both brokers publish to all topics while the line between them is cut again and again. */
async function carryOverBadLines(seed: number, options: Partial<BridgeOptions>) {
  const random = seededRandom(seed);
  const world = new JoinedBrokers();
  const topicLines = [1, 2].flatMap((qos) => [`out${qos}/# out ${qos}`, `in${qos}/# in ${qos}`]);
  const a = world.site('a', [
    {
      name: 'b',
      addresses: 'mqtt://b',
      topics: topicLines,
      backOff: { minimum: 10, maximum: 100 },
      maximumInflight: 5,
      ...options,
    },
  ]);
  const b = world.site('b');
  await world.start();
  const [atA, atB] = [await world.client(a), await world.client(b)];
  await atA.subscribe('in1/#', { qos: 2 });
  await atA.subscribe('in2/#', { qos: 2 });
  await atB.subscribe('out1/#', { qos: 2 });
  await atB.subscribe('out2/#', { qos: 2 });
  const [gotA, gotB] = [new Map<string, string[]>(), new Map<string, string[]>()];
  for (const number of numbers) {
    world.channel = {
      cut: 'random',
      breakAfterBytes: 20 + random.integer(900),
      toServer: { breakAfterBytes: 20 + random.integer(900) },
    };
    for (const topic of topics) {
      for (const qos of [1, 2] as const) {
        atA.publishOnly(`out${qos}/${topic}`, number, { qos });
        atB.publishOnly(`in${qos}/${topic}`, number, { qos });
      }
    }
    if (random.integer(4) === 0) world.lines.at(-1)?.reset();
    await world.laboratory.advance(random.integer(200));
    await takeAll(atA, gotA);
    await takeAll(atB, gotB);
  }
  world.channel = {};
  for (let i = 0; i < 40; i++) {
    await world.laboratory.advance(200);
    await takeAll(atA, gotA);
    await takeAll(atB, gotB);
  }
  return { gotA, gotB, cuts: world.dialled.length - 1, state: a.bridge.state.get('b') };
}

describe('Over a line that is cut at any byte', () => {
  it.each([1, 2, 3, 4, 5, 6])('nothing is lost, QoS 2 comes once, and in order: seed %d', async (seed) => {
    const { gotA, gotB, cuts, state } = await carryOverBadLines(seed, {});
    expect(cuts).toBeGreaterThan(3);
    for (const topic of topics) {
      expect(gotB.get(`out2/${topic}`), `out2/${topic}`).toEqual(numbers);
      expect(gotA.get(`in2/${topic}`), `in2/${topic}`).toEqual(numbers);
      expect(withoutRepeats(gotB.get(`out1/${topic}`))).toEqual(numbers);
      expect(withoutRepeats(gotA.get(`in1/${topic}`))).toEqual(numbers);
    }
    expect(state).toMatchObject({ condition: 'connected', counters: { waiting: 0, lag: 0 } });
  });

  it('the same in MQTT 3.1.1', async () => {
    const { gotA, gotB } = await carryOverBadLines(7, { protocolVersion: 4 });
    for (const topic of topics) {
      expect(gotB.get(`out2/${topic}`)).toEqual(numbers);
      expect(gotA.get(`in2/${topic}`)).toEqual(numbers);
    }
  });
});
