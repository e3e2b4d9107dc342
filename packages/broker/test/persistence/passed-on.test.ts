import type { PacketClient } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import { RecordingStore } from './recording-store.ts';
import { Restarts } from './restarts.ts';
import { sendTogether } from './send-together.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };
/** More than the broker keeps of a queue in memory, and more than two pages. */
const depth = 700;

/** Alice, who is away, and for whom as a member of a share group so many messages wait; then Carol joins. */
async function house(messages: number) {
  const store = new RecordingStore();
  const place = new Restarts({}, {}, store);
  const alice = await place.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('$share/g/work', { qos: 1 });
  await alice.drop();
  const bob = await place.connect({ clientId: 'bob' });
  for (let first = 0; first < messages; first += 100) {
    const drafts = Array.from({ length: Math.min(100, messages - first) }, (_, index) => ({
      topic: 'work',
      qos: 1 as const,
      packetId: index + 1,
      payload: new TextEncoder().encode(`${first + index}`),
    }));
    sendTogether(bob, drafts);
    await bob.receiveAll();
  }
  const carol = await place.connect({ clientId: 'carol', ...kept });
  await carol.subscribe('$share/g/work', { qos: 1 });
  return { place, store, bob, carol };
}

async function drain(client: PacketClient): Promise<number[]> {
  const numbers: number[] = [];
  for (;;) {
    const packets = await client.receiveAll();
    if (packets.length === 0) return numbers;
    for (const packet of packets) {
      if (packet.type !== 'publish') continue;
      numbers.push(Number(new TextDecoder().decode(packet.payload)));
      client.send({ type: 'puback', packetId: packet.packetId });
    }
  }
}

function range(end: number): number[] {
  return Array.from({ length: end }, (_, index) => index);
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

describe('Clean Start on a session with a deep queue of shared messages', () => {
  test('passes all of it on, also what only the store has', async () => {
    const { place, carol } = await house(depth);
    const alice = await place.connect({ clientId: 'alice', cleanStart: true, ...kept });
    expect(alice.connack.sessionPresent).toBe(false);
    expect(place.broker.session('alice')).toMatchObject({ queued: 0, subscriptions: 0 });
    expect(sorted(await drain(carol))).toEqual(range(depth));
    await alice.expectNothing();
  });

  test('leaves the new session whole, over a restart too', async () => {
    const { place, bob, carol } = await house(depth);
    const alice = await place.connect({ clientId: 'alice', cleanStart: true, ...kept });
    await alice.subscribe('news', { qos: 1 });
    await alice.drop();
    await bob.publish('news', '1', { qos: 1 });
    await place.crashAndStart();
    const again = await place.resume('alice');
    expect(again.connack.sessionPresent).toBe(true);
    expect(await drain(again)).toEqual([1]);
    await carol.drop();
    expect(sorted(await drain(await place.resume('carol')))).toEqual(range(depth));
  });

  test('passes it on where a connection without expiry is taken over', async () => {
    const { place, carol } = await house(depth);
    const brief = await place.connect({
      clientId: 'alice',
      cleanStart: false,
      properties: { sessionExpiryInterval: 0, receiveMaximum: 1 },
    });
    const [first] = await brief.receiveAll();
    expect(first?.type).toBe('publish');
    await place.connect({ clientId: 'alice', cleanStart: false, ...kept });
    expect(sorted(await drain(carol))).toEqual(range(depth));
  });

  test('two at once get one session, and nothing is lost', async () => {
    const { place, carol } = await house(depth);
    const clients = [place.arrive(), place.arrive()];
    for (const client of clients)
      client.send({ type: 'connect', clientId: 'alice', cleanStart: true, ...kept });
    await place.laboratory.settle();
    expect(clients.filter((client) => !client.closed)).toHaveLength(1);
    expect(sorted(await drain(carol))).toEqual(range(depth));
  });

  test('does not wait for what cannot be read', async () => {
    const { place, store } = await house(depth);
    store.failNextRead(new Error('the disk is gone'));
    const alice = await place.connect({ clientId: 'alice', cleanStart: true, ...kept });
    expect(alice.connack.sessionPresent).toBe(false);
  });
});

describe('messages that were passed on while the store failed', () => {
  for (const [how, messages] of [
    ['a few', 5],
    ['more than are in memory', depth],
  ] as const) {
    test(`are there after a crash (${how})`, async () => {
      const { place, store, carol } = await house(messages);
      await carol.drop();
      store.hold();
      place.broker.endSession('alice');
      await place.laboratory.settle();
      store.failOne();
      store.release();
      // The store is asked again when its time has come.
      await place.laboratory.advance(10_000);
      expect(place.broker.session('carol')).toMatchObject({ queued: messages });
      await place.crashAndStart();
      expect(sorted(await drain(await place.resume('carol')))).toEqual(range(messages));
    });
  }

  test('and were sent at once come again after a crash', async () => {
    const { place, store, carol } = await house(5);
    store.hold();
    place.broker.endSession('alice');
    await place.laboratory.settle();
    store.failOne();
    store.release();
    await place.laboratory.advance(10_000);
    expect((await carol.receiveAll()).filter(({ type }) => type === 'publish')).toHaveLength(5);
    await place.crashAndStart();
    expect(sorted(await drain(await place.resume('carol')))).toEqual(range(5));
  });
});
