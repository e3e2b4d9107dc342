import { memoryStore, type Store, type StoredRecord } from '@carillon/persistence';
import { Laboratory } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { EngineBroker } from '../../src/index.ts';
import { promiseByHand } from '../broker-under-test.ts';
import { Restarts } from './restarts.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };

/** A store whose load and open wait for the test, from `slow` on. */
function slowStore() {
  const memory = memoryStore();
  const gate = promiseByHand<void>();
  let isSlow = false;
  async function* slowly(records: Iterable<StoredRecord>): AsyncIterable<StoredRecord> {
    for (const record of records) {
      await gate.promise;
      yield record;
    }
  }
  const store: Store = {
    name: 'slow',
    supports: memory.supports,
    open: () => (isSlow ? Promise.resolve() : undefined),
    load: () => {
      const records = memory.load();
      if (!(Symbol.iterator in records)) throw new TypeError('a memory store answers at once');
      return isSlow ? slowly(records) : records;
    },
    commit: (batch, durability) => memory.commit(batch, durability),
    readQueue: (clientId, after, limits) => memory.readQueue(clientId, after, limits),
    close: () => memory.close(),
  };
  return {
    store,
    gate,
    slow: () => {
      isSlow = true;
    },
  };
}

/** A house with a session that waits for a message, restarted over a store that takes its time. */
async function slowHouse() {
  const { store, gate, slow } = slowStore();
  const house = new Restarts({}, {}, store);
  const alice = await house.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 1 });
  await alice.drop();
  await (await house.connect({ clientId: 'bob' })).publish('news', 'waiting', { qos: 1 });
  house.crash();
  slow();
  house.start();
  return { house, gate };
}

test('connections wait until everything is loaded, and then find it', async () => {
  const { house, gate } = await slowHouse();
  const alice = house.arrive();
  alice.send({ type: 'connect', clientId: 'alice', cleanStart: false, ...kept });
  await alice.expectNothing();
  gate.resolve();
  await alice.expect('connack', { sessionPresent: true });
  expect((await alice.receiveMessage()).text).toBe('waiting');
});

test('messages of the host wait likewise, and reach the sessions that were loaded', async () => {
  const { house, gate } = await slowHouse();
  const receipt = house.broker.publish('news', 'from the host', { qos: 1 });
  await house.laboratory.settle();
  gate.resolve();
  await house.laboratory.settle();
  expect(await receipt).toMatchObject({ matched: 1, queued: 1 });
});

test('a subscription of the host that was there first gets what the store retains, once it is loaded', async () => {
  const { store, gate, slow } = slowStore();
  const house = new Restarts({}, {}, store);
  await (await house.connect()).publish('lamp', 'on', { qos: 1, retain: true });
  house.crash();
  slow();
  house.start();
  const seen: string[] = [];
  house.broker.subscribe('lamp', (message) => {
    seen.push(`${message.text()} ${message.retained ? 'retained' : 'live'}`);
  });
  const started = house.broker.start();
  await house.laboratory.settle();
  expect(seen).toEqual([]);
  gate.resolve();
  await started;
  await house.laboratory.settle();
  expect(seen).toEqual(['on retained']);
});

test('start resolves when everything is loaded, however often it is called', async () => {
  const { house, gate } = await slowHouse();
  let started = 0;
  const starts = [house.broker.start(), house.broker.start()];
  const counted = starts.map(async (start) => {
    await start;
    started++;
  });
  await house.laboratory.settle();
  expect(started).toBe(0);
  gate.resolve();
  await Promise.all(counted);
  expect(started).toBe(2);
  expect(house.broker.session('alice')).toMatchObject({ queued: 1, connected: false });
});

test('a load that fails is told by start, and no connection is taken', async () => {
  const { house, gate } = await slowHouse();
  const started = house.broker.start();
  const refused = expect(started).rejects.toThrow('the file is torn');
  const alice = house.arrive();
  gate.reject(new Error('the file is torn'));
  await refused;
  await alice.expectClosed();
});

test('a store that fails in the middle of its load is closed, so that it can be opened again', async () => {
  const memory = memoryStore();
  const calls: string[] = [];
  const store: Store = {
    name: 'torn',
    supports: memory.supports,
    open: () => void calls.push('open'),
    async *load() {
      yield { kind: 'inboundId', clientId: 'nobody', packetId: 1 } satisfies StoredRecord;
      throw new Error('the file is torn');
    },
    commit: (batch, durability) => memory.commit(batch, durability),
    readQueue: (clientId, after, limits) => memory.readQueue(clientId, after, limits),
    close: () => void calls.push('close'),
  };
  const house = new Restarts({}, {}, store);
  await expect(house.broker.start()).rejects.toThrow('the file is torn');
  expect(calls).toEqual(['open', 'close']);
  await house.close();
  expect(calls).toEqual(['open', 'close']);
});

test('a store that throws at once is told by start likewise', async () => {
  const memory = memoryStore();
  const store: Store = {
    name: 'torn',
    supports: memory.supports,
    open: () => {
      throw new Error('the file is torn');
    },
    load: () => memory.load(),
    commit: (batch, durability) => memory.commit(batch, durability),
    readQueue: (clientId, after, limits) => memory.readQueue(clientId, after, limits),
    close: () => memory.close(),
  };
  const house = new Restarts({}, {}, store);
  await expect(house.broker.start()).rejects.toThrow('the file is torn');
  const alice = house.arrive();
  await alice.expectClosed();
});

test('a broker that is closed while it loads closes after that', async () => {
  const { house, gate } = await slowHouse();
  const alice = house.arrive();
  alice.send({ type: 'connect', clientId: 'alice' });
  await alice.settle();
  const closed = house.broker.close();
  await house.laboratory.settle();
  gate.resolve();
  await house.laboratory.settle();
  await closed;
  await alice.receiveAll();
  expect(alice.closed).toBe(true);
});

test('how far a long load has come is told to the log', async () => {
  const store = memoryStore();
  const sessions = Array.from({ length: 100_001 }, (_, i) => ({
    clientId: `device-${i}`,
    protocolVersion: 5 as const,
    sessionExpiryInterval: 0xffff_ffff,
    createdAt: 0,
    disconnectedAt: 0,
    identity: undefined,
    groups: [],
    mountPoint: '',
  }));
  await store.commit(
    sessions.map((session) => ({ do: 'putSession', session })),
    'memory',
  );
  const laboratory = new Laboratory();
  const broker = new EngineBroker({ persistence: store, logger: laboratory.logger }, laboratory.platform);
  await broker.start();
  const told = laboratory.logger.records.filter(({ details }) => 'records' in details);
  expect(told).toMatchObject([
    { message: 'loading what the store has', details: { store: 'memory', records: 100_000 } },
    { message: 'loaded what the store has', details: { store: 'memory', records: 100_001 } },
  ]);
});
