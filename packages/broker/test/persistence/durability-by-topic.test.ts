import { type Durability, memoryStore, type Store, type StoreOperation } from '@carillon/persistence';
import { Laboratory } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { EngineBroker, OptionError } from '../../src/index.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };

/** The memory store, as if it could promise anything; notes what it was asked to promise. */
class PromisingStore implements Store {
  readonly name = 'promising';
  readonly #memory = memoryStore();
  readonly supports = { ...this.#memory.supports, durability: 'synced' } as const;
  readonly asked: Durability[] = [];

  open = () => this.#memory.open();
  load = () => this.#memory.load();
  readQueue: Store['readQueue'] = (...args) => this.#memory.readQueue(...args);
  close = () => this.#memory.close();

  commit(batch: readonly StoreOperation[], durability: Durability) {
    this.asked.push(durability);
    return this.#memory.commit(batch, durability);
  }
}

async function house(store = new PromisingStore()) {
  const laboratory = new Laboratory();
  const start = () =>
    new EngineBroker(
      {
        systemTopicInterval: 0,
        persistence: store,
        durabilityByTopic: [
          { filter: 'telemetry/#', durability: 'memory' },
          { filter: 'events/#', durability: 'written' },
        ],
      },
      laboratory.platform,
    );
  const broker = start();
  const alice = await laboratory.connect(broker, { clientId: 'alice', ...kept });
  await alice.subscribe('#', { qos: 1 });
  await alice.disconnect({ properties: { sessionExpiryInterval: 3600 } });
  const bob = await laboratory.connect(broker, { clientId: 'bob' });
  store.asked.length = 0;
  const restart = async () => {
    const next = start();
    const back = await laboratory.connect(next, { clientId: 'alice', cleanStart: false, ...kept });
    return { broker: next, back };
  };
  return { laboratory, store, bob, broker, restart };
}

test('a batch promises no more than its messages need', async () => {
  const { bob, store } = await house();
  await bob.publish('events/door', 'open', { qos: 1 });
  expect(store.asked).toEqual(['written']);
  await bob.publish('orders/7', 'placed', { qos: 1 });
  expect(store.asked).toEqual(['written', 'synced']);
});

test('messages of durability "memory" are queued and retained, and a restart forgets them', async () => {
  const { bob, store, broker, restart } = await house();
  await bob.publish('telemetry/1', 'warm', { qos: 1, retain: true });
  expect(store.asked).toEqual([]);
  expect(broker.session('alice')?.queued).toBe(1);
  expect(broker.retained('telemetry/1')).toBeDefined();
  await bob.publish('orders/7', 'placed', { qos: 1 });
  const after = await restart();
  expect((await after.back.receiveMessage()).text).toBe('placed');
  await after.back.expectNothing();
  expect(after.broker.retained('telemetry/1')).toBeUndefined();
});

test('they keep their place among the others while the broker lives', async () => {
  const { laboratory, bob, broker } = await house();
  await bob.publish('orders/1', 'a', { qos: 1 });
  await bob.publish('telemetry/1', 'b', { qos: 1 });
  await bob.publish('orders/2', 'c', { qos: 1 });
  const alice = await laboratory.connect(broker, { clientId: 'alice', cleanStart: false, ...kept });
  const texts = [];
  for (let i = 0; i < 3; i++) texts.push((await alice.receiveMessage()).text);
  expect(texts).toEqual(['a', 'b', 'c']);
});

test.each([
  [[{ filter: 'a/#/b', durability: 'written' }], /durabilityByTopic\[0\]\.filter/],
  [
    [{ filter: 'a', durability: 'writen' }],
    /durabilityByTopic\[0\]\.durability is "writen".*memory, written, synced/,
  ],
])('a rule that cannot be is refused by its place: %j', (durabilityByTopic, says) => {
  const options: object = { durabilityByTopic };
  const make = () => new EngineBroker(options, new Laboratory().platform);
  expect(make).toThrow(OptionError);
  expect(make).toThrow(says);
});

test('more than the store can promise is refused at the start', async () => {
  const options = { durabilityByTopic: [{ filter: '#', durability: 'synced' }] } as const;
  const broker = new EngineBroker(options, new Laboratory().platform);
  await expect((async () => broker.start())()).rejects.toThrow(
    /durabilityByTopic\[0\]\.durability is "synced"/,
  );
});
