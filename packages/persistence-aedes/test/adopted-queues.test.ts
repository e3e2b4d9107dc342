/* What Aedes left in a queue is taken over, however it lies there. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { allBackends } from './all-backends.ts';
import type { TestBackend, TestPlace } from './backends.ts';
import { lasting, Restartable } from './restartable.ts';
import { loaded } from './sample-records.ts';

/** A packet as Aedes hands it to a backend. */
function packet(brokerCounter: number, text: string): object {
  return {
    cmd: 'publish',
    brokerId: 'aedes',
    brokerCounter,
    topic: 'a',
    payload: Buffer.from(text),
    qos: 1,
    retain: false,
    dup: false,
  };
}

/** Calls a backend as Aedes does, and ends as Aedes does. */
async function asAedes(
  backend: TestBackend,
  act: (call: (name: string, ...args: unknown[]) => Promise<unknown>) => Promise<void>,
): Promise<TestPlace> {
  const place = await backend.place();
  const instance = place.instance();
  // Sets it up.
  const store = aedesStore(instance, { ...place.options, destroyOnClose: false });
  await loaded(store);
  await store.close();
  await act(async (name, ...args) => Reflect.get(instance, name).call(instance, ...args));
  await place.crash?.();
  return place;
}

describe.each(allBackends)('on $name', (backend) => {
  test('of two messages with one identifier the first keeps it, and both are delivered once', async () => {
    const place = await asAedes(backend, async (call) => {
      await call('addSubscriptions', { id: 'alice' }, [{ topic: 'a', qos: 1 }]);
      for (const [counter, text] of ['first', 'second', 'third'].entries()) {
        await call('outgoingEnqueue', { clientId: 'alice' }, packet(counter + 1, text));
      }
      for (const counter of [1, 2]) {
        const text = counter === 1 ? 'first' : 'second';
        await call('outgoingUpdate', { id: 'alice' }, { ...packet(counter, text), messageId: 7 });
      }
    });
    const brokers = new Restartable(place, { adopt: ['alice'] });
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const alice = await laboratory.connect(await brokers.start(), { clientId: 'alice', ...lasting });
    const packets = [
      await alice.expect('publish', { packetId: 7, dup: true }),
      await alice.expect('publish', { dup: false }),
      await alice.expect('publish', { dup: false }),
    ];
    expect(packets.map(({ payload }) => new TextDecoder().decode(payload))).toEqual([
      'first',
      'second',
      'third',
    ]);
    expect(new Set(packets.map(({ packetId }) => packetId)).size).toBe(3);
    for (const message of packets) await alice.ack(message);
    await alice.settle();
    expect((await brokers.start()).session('alice')).toMatchObject({ queued: 0, inflight: 0 });
  });

  test('a message that nobody can be sent is told and left, and those beside it are taken', async () => {
    const place = await asAedes(backend, async (call) => {
      await call('addSubscriptions', { id: 'alice' }, [{ topic: 'a', qos: 1 }]);
      await call('outgoingEnqueue', { clientId: 'alice' }, packet(1, 'first'));
      await call('outgoingEnqueue', { clientId: 'alice' }, { ...packet(2, 'wild'), topic: 'a/#' });
      await call('outgoingEnqueue', { clientId: 'alice' }, packet(3, 'last'));
    });
    const told: string[] = [];
    const logger = { warn: (_: object, message: string) => void told.push(message) };
    const brokers = new Restartable(place, { adopt: ['alice'], logger });
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const broker = await brokers.start();
    expect(told.at(-1)).toContain('a queued message is damaged');
    expect(broker.session('alice')).toMatchObject({ queued: 2 });
    const alice = await laboratory.connect(broker, { clientId: 'alice', ...lasting });
    for (const text of ['first', 'last']) expect((await alice.receiveMessage()).text).toBe(text);
    await alice.expectNothing();
  });
});
