import type { DroppedEvent, StoreFailedEvent } from '@carillon/hooks';
import type { PublishPacket } from '@carillon/protocol';
import type { PacketClient } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import type { EngineOptions } from '../../src/index.ts';
import { Notes, promiseByHand } from '../broker-under-test.ts';
import { RecordingStore } from './recording-store.ts';
import { Restarts } from './restarts.ts';
import { sendTogether } from './send-together.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };

/** More than the broker keeps of a queue in memory, and more than two pages. */
const depth = 700;

/** Alice, who is away, and Bob, who publishes to her. */
async function house(options: EngineOptions = {}) {
  const store = new RecordingStore();
  const drops = new Notes<DroppedEvent>();
  const failures = new Notes<StoreFailedEvent>();
  const hooks = { dropped: drops.take, storeFailed: failures.take };
  const place = new Restarts(options, hooks, store);
  const alice = await place.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 2 });
  await alice.drop();
  const bob = await place.connect({ clientId: 'bob' });
  let published = 0;
  const publish = async (count: number, publisher = bob, qos: 1 | 2 = 1) => {
    const drafts = Array.from({ length: count }, () => ({
      qos,
      packetId: (published % 1000) + 1,
      payload: text(published++),
    }));
    for (let first = 0; first < count; first += 500) {
      sendTogether(publisher, drafts.slice(first, first + 500));
      await publisher.receiveAll();
    }
  };
  return { place, store, drops, failures, bob, publish };
}

function text(number: number): Uint8Array {
  return new TextEncoder().encode(String(number));
}

function numberIn({ payload }: PublishPacket): number {
  return Number(new TextDecoder().decode(payload));
}

/** Everything that comes, acknowledged as it comes, until nothing more does. */
async function drain(client: PacketClient): Promise<number[]> {
  const numbers: number[] = [];
  for (;;) {
    const packets = await client.receiveAll();
    if (packets.length === 0) return numbers;
    for (const packet of packets) {
      if (packet.type === 'pubrel') client.send({ type: 'pubcomp', packetId: packet.packetId });
      if (packet.type !== 'publish') continue;
      numbers.push(numberIn(packet));
      client.send({ type: packet.qos === 2 ? 'pubrec' : 'puback', packetId: packet.packetId });
    }
  }
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

describe('a deep queue', () => {
  test('comes whole and in order, read from the store in pages', async () => {
    const { place, store, publish } = await house();
    await publish(depth);
    expect(place.broker.session('alice')).toMatchObject({ queued: depth });
    const alice = await place.resume('alice');
    expect(await drain(alice)).toEqual(range(0, depth));
    expect(store.reads.length).toBeGreaterThanOrEqual(2);
    for (const { clientId, limits } of store.reads) {
      expect(clientId).toBe('alice');
      expect(limits.entries).toBeLessThanOrEqual(256);
    }
    expect(place.broker.session('alice')).toMatchObject({ queued: 0, queuedBytes: 0, inflight: 0 });
  });

  test('comes in order at QoS 2, too', async () => {
    const { place, publish, bob } = await house();
    await publish(300, bob, 2);
    await publish(300, bob, 1);
    expect(await drain(await place.resume('alice'))).toEqual(range(0, 600));
  });

  test('comes whole and in order after a restart', async () => {
    const { place, publish } = await house();
    await publish(depth);
    await place.crashAndStart();
    expect(await drain(await place.resume('alice'))).toEqual(range(0, depth));
    expect(place.broker.session('alice')).toMatchObject({ queued: 0, queuedBytes: 0 });
  });

  test('goes on where it was left when the client goes and comes', async () => {
    const { place, publish } = await house({ limits: { maximumInflight: 50 } });
    await publish(depth);
    const seen = new Set<number>();
    for (let visit = 0; visit < 10; visit++) {
      const alice = await place.resume('alice');
      for (const packet of await alice.receiveAll()) {
        if (packet.type !== 'publish') continue;
        // What was in flight comes again; what is new comes in order.
        expect(packet.dup).toBe(seen.has(numberIn(packet)));
        seen.add(numberIn(packet));
        alice.send({ type: 'puback', packetId: packet.packetId });
      }
      for (const packet of await alice.receiveAll())
        if (packet.type === 'publish') seen.add(numberIn(packet));
      await alice.drop();
      if (visit % 3 === 2) await place.crashAndStart();
    }
    expect([...seen]).toEqual(range(0, seen.size));
    expect(seen.size).toBe(550);
    for (const number of await drain(await place.resume('alice'))) seen.add(number);
    expect([...seen]).toEqual(range(0, depth));
  });

  test('is read on while there is still something to send', async () => {
    const { place, store, publish } = await house();
    await publish(depth);
    const never = promiseByHand<void>();
    store.delayReadsUntil(never.promise);
    const alice = await place.resume('alice', { properties: { receiveMaximum: 10 } });
    let acknowledged = 0;
    while (store.reads.length === 0) {
      for (const packet of await alice.receiveAll()) {
        if (packet.type !== 'publish') continue;
        alice.send({ type: 'puback', packetId: packet.packetId });
        acknowledged++;
      }
    }
    expect(acknowledged).toBeLessThan(200);
    const rest = await drain(alice);
    expect(rest.length).toBeGreaterThan(50);
    expect(rest.at(-1)).toBe(255);
    expect(store.reads).toHaveLength(1);
  });

  test('is asked for once more, not at each message, when it could not be read', async () => {
    const { place, store, failures, publish } = await house();
    await publish(depth);
    store.failNextRead(new Error('unreadable'));
    expect(await drain(await place.resume('alice'))).toEqual(range(0, depth));
    expect(failures.all).toHaveLength(1);
    expect(store.reads[1]).toMatchObject({ after: 255 + 1 });
  });

  test('takes new messages behind it while it is being read', async () => {
    const { place, publish } = await house();
    await publish(depth);
    const alice = await place.resume('alice', { properties: { receiveMaximum: 20 } });
    const received: number[] = [];
    for (let round = 0; round < 20; round++) {
      const packets = await alice.receiveAll();
      for (const packet of packets) {
        if (packet.type !== 'publish') continue;
        received.push(numberIn(packet));
        alice.send({ type: 'puback', packetId: packet.packetId });
      }
      await publish(10);
    }
    received.push(...(await drain(alice)));
    expect(received).toEqual(range(0, depth + 200));
  });

  test('takes new messages behind it while a page is on its way', async () => {
    const { place, store, publish } = await house();
    await publish(depth);
    const gate = promiseByHand<void>();
    store.delayReadsUntil(gate.promise);
    const alice = await place.resume('alice');
    const first = await drain(alice);
    expect(first.length).toBeLessThan(depth);
    await publish(50);
    gate.resolve();
    expect([...first, ...(await drain(alice))]).toEqual(range(0, depth + 50));
  });

  test('loses nothing that comes while a read finds that what was refused is not there', async () => {
    const { place, store, publish } = await house();
    await publish(256);
    store.hold();
    const refused = publish(10);
    await place.laboratory.settle();
    store.failOne();
    store.release();
    await refused;
    const gate = promiseByHand<void>();
    store.delayReadsUntil(gate.promise);
    const alice = await place.resume('alice');
    expect(await drain(alice)).toEqual(range(0, 256));
    await publish(5);
    gate.resolve();
    expect(await drain(alice)).toEqual(range(266, 271));
    expect(place.broker.session('alice')).toMatchObject({ queued: 0, queuedBytes: 0 });
  });

  test('is read again after a read that failed', async () => {
    const { place, store, failures, publish } = await house();
    await publish(depth);
    store.failNextRead(new Error('unreadable'));
    const alice = await place.resume('alice');
    const first = await drain(alice);
    expect(failures.last).toMatchObject({ store: 'recording', during: 'read' });
    await alice.drop();
    expect([...first, ...(await drain(await place.resume('alice')))]).toEqual(range(0, depth));
  });

  test('holds what has expired no more', async () => {
    const { place, publish, bob, drops } = await house();
    await publish(400);
    sendTogether(
      bob,
      range(400, 500).map((number) => ({
        qos: 1,
        packetId: number,
        payload: text(number),
        properties: { messageExpiryInterval: 60 },
      })),
    );
    await bob.receiveAll();
    await place.laboratory.advance(61_000);
    expect(await drain(await place.resume('alice'))).toEqual(range(0, 400));
    expect(drops.all.filter(({ reason }) => reason === 'expired')).toHaveLength(100);
  });

  test('is gone with its session', async () => {
    const { place, publish } = await house();
    await publish(depth);
    await place.connect({ clientId: 'alice', cleanStart: true, ...kept });
    await place.crashAndStart();
    const alice = await place.resume('alice');
    expect(alice.connack.sessionPresent).toBe(true);
    await alice.expectNothing();
  });

  test('of large messages is read in pages that are not large', async () => {
    const { place, store, bob } = await house({ limits: { maximumQueuedBytes: 100_000_000 } });
    const payload = new Uint8Array(100_000);
    for (const packetId of range(1, 301)) {
      payload[0] = packetId & 0xff;
      sendTogether(bob, [{ qos: 1, packetId, payload: payload.slice() }]);
    }
    await bob.receiveAll();
    await place.crashAndStart();
    const alice = await place.resume('alice');
    let received = 0;
    for (;;) {
      const packets = await alice.receiveAll();
      if (packets.length === 0) break;
      for (const packet of packets) {
        if (packet.type !== 'publish') continue;
        expect(packet.payload[0]).toBe(++received & 0xff);
        alice.send({ type: 'puback', packetId: packet.packetId });
      }
    }
    expect(received).toBe(300);
    for (const { limits } of store.reads) expect(limits.bytes).toBeLessThanOrEqual(1024 * 1024);
  });
});

describe('a full deep queue', () => {
  const limits = { maximumQueuedMessages: 500 };

  test('drops the newest, by default, and says so', async () => {
    const { place, drops, publish } = await house({ limits });
    await publish(depth);
    expect(
      drops.all.map(({ reason, clientId, message }) => [reason, clientId, decoded(message.payload)]),
    ).toEqual(range(500, depth).map((number) => ['queue-full', 'alice', String(number)]));
    expect(await drain(await place.resume('alice'))).toEqual(range(0, 500));
  });

  test('drops the oldest where the host wants it so, and says so', async () => {
    const { place, drops, publish } = await house({ limits, queueOverflow: 'drop-oldest' });
    await publish(depth);
    expect(drops.all.map(({ message }) => decoded(message.payload))).toEqual(range(0, 200).map(String));
    expect(await drain(await place.resume('alice'))).toEqual(range(200, depth));
  });

  test('drops the oldest beyond what is in memory', async () => {
    const { place, drops, publish } = await house({ limits, queueOverflow: 'drop-oldest' });
    await publish(1200);
    expect(drops.all.every(({ reason }) => reason === 'queue-full')).toBe(true);
    const received = await drain(await place.resume('alice'));
    expect(received).toEqual(range(1200 - received.length, 1200));
    expect(received.length + drops.all.length).toBe(1200);
    expect(received.length).toBe(500);
  });

  test('drops the oldest after a restart as well', async () => {
    const { place, publish } = await house({ limits, queueOverflow: 'drop-oldest' });
    await publish(500);
    await place.crashAndStart();
    await publish(100, await place.connect({ clientId: 'bob' }));
    expect(await drain(await place.resume('alice'))).toEqual(range(100, 600));
  });

  test('has room again for as much as was delivered', async () => {
    const { place, publish } = await house({ limits: { ...limits, maximumInflight: 100 } });
    await publish(500);
    const alice = await place.resume('alice');
    await alice.receiveAll();
    await publish(150);
    await alice.drop();
    expect(place.broker.session('alice')?.queued).toBe(500);
    expect(await drain(await place.resume('alice'))).toEqual(range(0, 600));
  });

  test('counts bytes as well as messages', async () => {
    const { place, drops, publish } = await house({ limits: { maximumQueuedBytes: 4000 } });
    await publish(depth);
    expect(drops.all.every(({ reason }) => reason === 'queue-bytes')).toBe(true);
    const { queuedBytes = 0 } = place.broker.session('alice') ?? {};
    expect(queuedBytes).toBeLessThanOrEqual(4000);
    expect(queuedBytes).toBeGreaterThan(3990);
    const received = await drain(await place.resume('alice'));
    expect(received).toEqual(range(0, depth - drops.all.length));
    expect(place.broker.session('alice')?.queuedBytes).toBe(0);
  });
});

function decoded(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}
