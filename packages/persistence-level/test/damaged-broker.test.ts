import { type DamagedRecord, levelStore } from '@carillon/persistence-level';
import { Laboratory, type PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { MemoryLevel } from 'memory-level';
import { expect, test } from 'vitest';
import { keyOf, rangeOf } from '../src/keys.ts';

const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
const rubbish = Uint8Array.of(0xc1);
const kept = { properties: { sessionExpiryInterval: 3600 } };

/** A database and brokers that come and go over it. */
class House {
  readonly laboratory = new Laboratory();
  readonly database = new MemoryLevel<string, Uint8Array>();
  readonly damaged: DamagedRecord[] = [];

  start() {
    const persistence = levelStore({
      database: this.database,
      damaged: (record) => this.damaged.push(record),
    });
    return createBroker({ ...this.laboratory.platform, persistence, systemTopicInterval: 0 });
  }

  /** Sessions of these ids that subscribed to `t` and are away, while so many messages came. */
  async fill(clientIds: readonly string[], messages: number): Promise<void> {
    const broker = this.start();
    for (const clientId of clientIds) {
      const client = await this.laboratory.connect(broker, { clientId, ...kept });
      await client.subscribe('t', { qos: 1 });
      await client.drop();
    }
    const publisher = await this.laboratory.connect(broker);
    for (let n = 1; n <= messages; n++) await publisher.publish('t', `${n}`, { qos: 1 });
    await publisher.publish('lamp', 'on', { qos: 1, retain: true });
    await publisher.publish('door', 'open', { qos: 1, retain: true });
    const closed = broker.close();
    await this.laboratory.settle();
    await closed;
    await this.database.open();
  }

  async damage(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.database.put(key, rubbish, encodings);
  }

  keysOf(...range: Parameters<typeof rangeOf>): Promise<string[]> {
    return this.database.keys({ ...rangeOf(...range), keyEncoding: 'utf8' }).all();
  }
}

/** The texts of all that comes, acknowledged as it comes. */
async function drain(client: PacketClient): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const packets = await client.receiveAll();
    if (packets.length === 0) return texts;
    for (const packet of packets) {
      if (packet.type !== 'publish') continue;
      texts.push(new TextDecoder().decode(packet.payload));
      client.send({ type: 'puback', packetId: packet.packetId });
    }
  }
}

function texts(count: number, without: readonly number[] = []): string[] {
  return Array.from({ length: count }, (_, n) => n + 1)
    .filter((n) => !without.includes(n))
    .map(String);
}

test('a queue with damaged records comes without them, and its length is right as soon as they are met', async () => {
  const house = new House();
  await house.fill(['alice'], 20);
  const chunks = await house.keysOf('q', 'alice');
  expect(chunks).toHaveLength(20);
  await house.damage(chunks[4] ?? '', chunks[11] ?? '');
  const broker = house.start();
  const slow = { properties: { sessionExpiryInterval: 3600, receiveMaximum: 2 } };
  const alice = await house.laboratory.connect(broker, { clientId: 'alice', cleanStart: false, ...slow });
  expect(await alice.receiveAll()).toHaveLength(2);
  expect(house.damaged.map(({ key }) => key)).toEqual([chunks[4], chunks[11]]);
  expect(broker.session('alice')).toMatchObject({ queued: 16, inflight: 2 });
  await alice.drop();
  const again = await house.laboratory.connect(broker, { clientId: 'alice', cleanStart: false, ...kept });
  expect(await drain(again)).toEqual(texts(20, [5, 12]));
  expect(broker.session('alice')).toMatchObject({ queued: 0, queuedBytes: 0, inflight: 0 });
});

test('messages that come after damage was met are delivered in their order', async () => {
  const house = new House();
  await house.fill(['alice'], 600);
  const chunks = await house.keysOf('q', 'alice');
  await house.damage(...[100, 101, 300, 599].map((place) => chunks[place] ?? ''));
  const broker = house.start();
  const publisher = await house.laboratory.connect(broker);
  const alice = await house.laboratory.connect(broker, { clientId: 'alice', cleanStart: false, ...kept });
  await publisher.publish('t', 'late', { qos: 1 });
  expect(await drain(alice)).toEqual([...texts(600, [101, 102, 301, 600]), 'late']);
  expect(broker.session('alice')).toMatchObject({ queued: 0, queuedBytes: 0, inflight: 0 });
});

test('records damaged in the middle of a load are told, and everything else is there', async () => {
  const house = new House();
  await house.fill(['alice', 'bob', 'carol'], 6);
  await house.damage(
    keyOf.session('bob'),
    keyOf.subscription('carol', 't'),
    keyOf.queueSummary('alice'),
    keyOf.retained('door'),
  );
  const broker = house.start();
  const publisher = await house.laboratory.connect(broker);
  expect(house.damaged.map(({ key }) => key).sort()).toEqual(
    [
      keyOf.queueSummary('alice'),
      keyOf.session('bob'),
      keyOf.subscription('carol', 't'),
      keyOf.retained('door'),
    ].sort(),
  );
  expect([...broker.retainedMessages('#')].map(({ topic }) => topic)).toEqual(['lamp']);
  expect(broker.session('alice')).toMatchObject({ queued: 6, subscriptions: 1 });
  expect(broker.session('bob')).toBeUndefined();
  expect(broker.session('carol')).toMatchObject({ queued: 6, subscriptions: 0 });
  for (const clientId of ['alice', 'carol']) {
    const client = await house.laboratory.connect(broker, { clientId, cleanStart: false, ...kept });
    expect(await drain(client)).toEqual(texts(6));
  }
  const bob = await house.laboratory.connect(broker, { clientId: 'bob', cleanStart: false, ...kept });
  expect(bob.connack.sessionPresent).toBe(false);
  await bob.subscribe('t', { qos: 1 });
  await publisher.publish('t', 'new', { qos: 1 });
  expect(await drain(bob)).toEqual(['new']);
});

test('damaged delivery states and counts keep nobody from the rest', async () => {
  const house = new House();
  await house.fill(['alice', 'bob'], 6);
  const first = house.start();
  const alice = await house.laboratory.connect(first, { clientId: 'alice', cleanStart: false, ...kept });
  const [one] = (await alice.receiveAll()).filter((packet) => packet.type === 'publish');
  alice.send({ type: 'puback', packetId: one?.packetId ?? 0 });
  await alice.settle();
  const closed = first.close();
  await house.laboratory.settle();
  await closed;
  await house.database.open();
  await house.damage(...(await house.keysOf('f')), ...(await house.keysOf('c')));
  const broker = house.start();
  for (const clientId of ['alice', 'bob']) {
    const client = await house.laboratory.connect(broker, { clientId, cleanStart: false, ...kept });
    expect((await drain(client)).slice(-5)).toEqual(texts(6, [1]));
    expect(broker.session(clientId)).toMatchObject({ queued: 0, queuedBytes: 0, inflight: 0 });
  }
  expect(await house.keysOf('b')).toEqual([]);
  expect(await house.keysOf('c')).toEqual([]);
});
