/*
 * What was found wrong with backends, and with Aedes on them, each with the test that it does not reach us.
 */
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import type { Store } from '@carillon/persistence';
import aedesPersistenceLevel from 'aedes-persistence-level';
import aedesPersistenceLevel91 from 'aedes-persistence-level-9-1';
import { Level } from 'level';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { aedesMemory, backends, levelBackend, memoryBackend, temporaryFolder, warnings } from './backends.ts';
import { lasting, restartable } from './restartable.ts';
import {
  enqueue,
  loaded,
  putSession,
  sampleEntry,
  sampleMessage,
  sampleSubscription,
  sequences,
} from './sample-records.ts';

const require = createRequire(import.meta.url);
const MemoryPersistence: new () => object = require('aedes-persistence/asyncPersistence.js');
const { CallBackPersistence } = require('aedes-persistence/callBackPersistence.js');

const silent = { logger: { warn: () => {} } };

function closing(store: Store): Store {
  onTestFinished(() => store.close());
  return store;
}

test('a backend that reads the queue of "ab" for "a" is recognized, told, and kept from it', async () => {
  const folder = await temporaryFolder();
  const { logger, all } = warnings();
  const first = aedesStore(aedesPersistenceLevel91(new Level(folder)), { logger });
  await loaded(first);
  const operations = ['a', 'ab', 'a:', 'abc'].flatMap((clientId) => [
    putSession(clientId),
    { do: 'putSubscription', clientId, subscription: sampleSubscription(`of/${clientId}`) } as const,
    ...enqueue(clientId, 1, 2),
    { do: 'putInboundId', clientId, packetId: 5 } as const,
  ]);
  await first.commit(operations, 'written');
  expect(await sequences(first, 'a')).toEqual([1, 2]);
  await first.commit([{ do: 'deleteSession', clientId: 'ab' }], 'written');
  await first.close();
  const second = closing(aedesStore(aedesPersistenceLevel91(new Level(folder)), silent));
  const records = await loaded(second);
  const sessions = records.flatMap((record) => (record.kind === 'session' ? [record] : []));
  expect(sessions.map(({ session }) => session.clientId).sort()).toEqual(['a', 'a:', 'abc']);
  for (const { queue } of sessions) expect(queue.length).toBe(2);
  expect(records.filter(({ kind }) => kind === 'subscription')).toHaveLength(3);
  expect(all.join()).toContain('mixes up clients whose ids begin alike');
});

test('a store whose client ids are written plainly is not opened by a backend that would mix them up', async () => {
  const folder = await temporaryFolder();
  const first = aedesStore(aedesPersistenceLevel(new Level(folder)), silent);
  await loaded(first);
  await first.close();
  const level = new Level(folder);
  onTestFinished(() => level.close());
  const second = aedesStore(aedesPersistenceLevel91(level), silent);
  await expect(second.open()).rejects.toMatchObject({ code: 'STORE_FORMAT_NEWER' });
});

test('a store whose client ids are encoded stays so after the backend was updated', async () => {
  const folder = await temporaryFolder();
  const first = aedesStore(aedesPersistenceLevel91(new Level(folder)), silent);
  await loaded(first);
  await first.commit([putSession('a'), ...enqueue('a', 1)], 'written');
  await first.close();
  const second = closing(aedesStore(aedesPersistenceLevel(new Level(folder)), silent));
  const records = await loaded(second);
  expect(records).toMatchObject([{ kind: 'session', session: { clientId: 'a' }, queue: { length: 1 } }]);
});

describe.each(backends)('on $name', (backend) => {
  test('messages that come after a restart overwrite none that wait, and wait behind them', async () => {
    const place = await backend.place();
    let store = aedesStore(place.instance(), place.options);
    await loaded(store);
    await store.commit([putSession('a'), ...enqueue('a', 1, 2, 3)], 'written');
    await store.close();
    store = closing(aedesStore(place.instance(), place.options));
    const [session] = await loaded(store);
    expect(session).toMatchObject({ queue: { length: 3, lastSequence: 3 } });
    await store.commit(enqueue('a', 4, 5), 'written');
    expect(await sequences(store, 'a')).toEqual([1, 2, 3, 4, 5]);
  });

  test('sequence numbers go on where the queue was empty, after a crash too', async () => {
    const place = await backend.place();
    let store = aedesStore(place.instance(), place.options);
    await loaded(store);
    await store.commit([putSession('a'), ...enqueue('a', 1, 2, 3)], 'written');
    await store.commit(
      [1, 2, 3].map((sequence) => ({ do: 'dequeue', clientId: 'a', sequence })),
      'written',
    );
    await store.close();
    store = aedesStore(place.instance(), place.options);
    expect(await loaded(store)).toMatchObject([{ queue: { length: 0, lastSequence: 3 } }]);
    await store.commit(enqueue('a', 4), 'written');
    await store.commit([{ do: 'dequeue', clientId: 'a', sequence: 4 }], 'written');
    await place.crash?.();
    store = closing(aedesStore(place.instance(), place.options));
    const [record] = await loaded(store);
    expect(record?.kind === 'session' && record.queue.lastSequence).toBeGreaterThanOrEqual(4);
  });

  test('of several changes to one thing in one batch the last one wins', async () => {
    const place = await backend.place();
    let store = aedesStore(place.instance(), place.options);
    await loaded(store);
    const retained = Array.from({ length: 50 }, (_, i) => ({
      do: 'putRetained' as const,
      message: sampleMessage(`value ${i}`, { topic: `r/${i % 3}`, retain: true }),
    }));
    await store.commit([...retained, { do: 'deleteRetained', topic: 'r/2' }], 'written');
    await store.commit(
      [
        putSession('a'),
        { do: 'putSubscription', clientId: 'a', subscription: sampleSubscription('s', { qos: 2 }) },
        { do: 'putSubscription', clientId: 'a', subscription: sampleSubscription('s', { qos: 0 }) },
        ...enqueue('a', 1, 2),
        { do: 'dequeue', clientId: 'a', sequence: 1 },
      ],
      'written',
    );
    expect(await sequences(store, 'a')).toEqual([2]);
    await store.close();
    store = closing(aedesStore(place.instance(), place.options));
    const records = await loaded(store);
    const texts = records.flatMap((record) => {
      return record.kind === 'retained' ? [new TextDecoder().decode(record.message.payload)] : [];
    });
    expect(texts.sort()).toEqual(['value 48', 'value 49']);
    expect(records.filter(({ kind }) => kind === 'subscription')).toMatchObject([
      { subscription: { filter: 's', qos: 0 } },
    ]);
  });

  test('an entry that is enqueued again is replaced in its place', async () => {
    const place = await backend.place();
    let store = aedesStore(place.instance(), place.options);
    await loaded(store);
    await store.commit([putSession('a'), ...enqueue('a', 1, 2, 3)], 'written');
    const again = sampleEntry(2, { message: sampleMessage('again'), packetId: 9, state: 'sent' });
    await store.commit([{ do: 'enqueue', clientId: 'a', entry: again }], 'written');
    const shown = async () => {
      const page = await store.readQueue('a', 0, { entries: 10, bytes: 1000 });
      return page.map(({ sequence, message, packetId, state }) => {
        return [sequence, new TextDecoder().decode(message.payload), packetId, state];
      });
    };
    const expected = [
      [1, 'message 1', 0, 'queued'],
      [2, 'again', 9, 'sent'],
      [3, 'message 3', 0, 'queued'],
    ];
    expect(await shown()).toEqual(expected);
    await store.close();
    store = closing(aedesStore(place.instance(), place.options));
    await loaded(store);
    expect(await shown()).toEqual(expected);
  });

  test('a queue is read in pages, whatever is added and taken out between them', async () => {
    const place = await backend.place();
    const store = closing(aedesStore(place.instance(), place.options));
    await loaded(store);
    const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
    await store.commit([putSession('a'), ...enqueue('a', ...numbers)], 'written');
    const limits = { entries: 16, bytes: 1_000_000 };
    const read = async (after: number) => {
      const page = await store.readQueue('a', after, limits);
      return page.map(({ sequence }) => sequence);
    };
    expect(await read(0)).toEqual(numbers.slice(0, 16));
    await store.commit([...enqueue('a', 41), { do: 'dequeue', clientId: 'a', sequence: 1 }], 'written');
    expect(await read(16)).toEqual(numbers.slice(16, 32));
    await store.commit([{ do: 'dequeue', clientId: 'a', sequence: 35 }], 'written');
    expect(await read(32)).toEqual([33, 34, 36, 37, 38, 39, 40, 41]);
    expect(await read(41)).toEqual([]);
    await store.commit(enqueue('a', 42), 'written');
    expect(await read(41)).toEqual([42]);
    expect(await read(0)).toEqual([2, ...numbers.slice(2, 17)]);
    const small = await store.readQueue('a', 0, { entries: 16, bytes: 1 });
    expect(small).toHaveLength(1);
  });

  test('overlapping filters queue a message once, and unsubscribing one leaves the other', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('a/#', { qos: 1 });
    await alice.subscribe('a/b', { qos: 0 });
    await alice.subscribe('a/+', { qos: 1 });
    await alice.unsubscribe('a/+');
    await alice.disconnect();
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    await bob.publish('a/b', 'one', { qos: 1 });
    const second = await brokers.start();
    const carol = await laboratory.connect(second, { clientId: 'carol' });
    await carol.publish('a/b', 'two', { qos: 1 });
    await carol.publish('a/c', 'three', { qos: 1 });
    const third = await brokers.start();
    expect(third.session('alice')).toMatchObject({ queued: 3 });
    const again = await laboratory.connect(third, { clientId: 'alice', ...lasting });
    for (const text of ['one', 'two', 'three']) expect((await again.receiveMessage()).text).toBe(text);
  });

  test('nothing waits for a QoS 0 subscription, after a restart either', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const alice = await laboratory.connect(await brokers.start(), { clientId: 'alice', ...lasting });
    await alice.subscribe('a', { qos: 0 });
    await alice.disconnect();
    const second = await brokers.start();
    const bob = await laboratory.connect(second, { clientId: 'bob' });
    await bob.publish('a', 'lost', { qos: 1 });
    expect((await brokers.start()).session('alice')).toMatchObject({ queued: 0 });
  });
});

type Call = (...args: unknown[]) => unknown;

/** Makes a method of the instance behave otherwise. */
function replaceMethod(instance: object, name: string, replacement: (original: Call) => unknown): void {
  const original: unknown = Reflect.get(instance, name);
  if (typeof original !== 'function') throw new Error(`no ${name}`);
  const value = replacement((...args) => Reflect.apply(original, instance, args));
  Object.defineProperty(instance, name, { value });
}

/** An instance in memory, one of whose methods behaves otherwise. */
function memoryWith(name: string, replacement: (original: Call) => unknown): object {
  const instance = new MemoryPersistence();
  replaceMethod(instance, name, replacement);
  return instance;
}

test('a commit resolves only when the backend has stored everything', async () => {
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const instance = memoryWith('outgoingEnqueue', (enqueueNow) => async (sub: object, packet: object) => {
    await enqueueNow(sub, packet);
    if (JSON.stringify(sub).includes('"slow"')) await held;
  });
  const store = closing(aedesStore(instance, silent));
  await loaded(store);
  await store.commit([putSession('slow'), putSession('quick')], 'written');
  let isDone = false;
  const committing = Promise.resolve(
    store.commit([...enqueue('slow', 1), ...enqueue('quick', 1)], 'written'),
  ).then(() => {
    isDone = true;
  });
  await expect.poll(() => sequences(store, 'quick')).toEqual([1]);
  expect(isDone).toBe(false);
  letGo();
  await committing;
});

test('a PUBACK leaves only when the backend has stored the message', async () => {
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let holds = false;
  const instance = memoryWith('outgoingEnqueue', (enqueueNow) => async (...args: unknown[]) => {
    if (holds) await held;
    return enqueueNow(...args);
  });
  const brokers = await restartable({ place: async () => ({ instance: () => instance, options: silent }) });
  const { laboratory } = brokers;
  const broker = await brokers.start();
  const alice = await laboratory.connect(broker, { clientId: 'alice', ...lasting });
  await alice.subscribe('a', { qos: 1 });
  await alice.disconnect();
  const bob = await laboratory.connect(broker, { clientId: 'bob' });
  holds = true;
  const { packetId } = bob.publishOnly('a', 'x', { qos: 1 });
  await bob.expectNothing();
  letGo();
  await bob.expect('puback', { packetId });
  await brokers.stop();
});

test('what the backend refuses is refused to the publisher, and the next one is served', async () => {
  let isFull = false;
  const instance = memoryWith('outgoingEnqueue', (enqueueNow) => async (...args: unknown[]) => {
    if (isFull) throw Object.assign(new Error("OOM command not allowed when used memory > 'maxmemory'."));
    return enqueueNow(...args);
  });
  const brokers = await restartable({ place: async () => ({ instance: () => instance, options: silent }) });
  const { laboratory } = brokers;
  const broker = await brokers.start();
  const alice = await laboratory.connect(broker, { clientId: 'alice', ...lasting });
  await alice.subscribe('a', { qos: 1 });
  await alice.disconnect();
  const bob = await laboratory.connect(broker, { clientId: 'bob' });
  isFull = true;
  const { reasonCode } = await bob.publish('a', 'refused', { qos: 1 });
  expect(reasonCode).toBeGreaterThanOrEqual(0x80);
  isFull = false;
  expect(await bob.publish('a', 'taken', { qos: 1 })).toMatchObject({ reasonCode: 0 });
  await brokers.stop();
});

test('a full backend is told apart from one that failed', async () => {
  let error = new Error("OOM command not allowed when used memory > 'maxmemory'.");
  const instance = memoryWith('outgoingEnqueue', (enqueueNow) => async (...args: unknown[]) => {
    if (JSON.stringify(args).includes('"full"')) throw error;
    return enqueueNow(...args);
  });
  const store = closing(aedesStore(instance, silent));
  await loaded(store);
  const fails = async (code: string) => {
    const batch = [putSession('full'), ...enqueue('full', 1)];
    await expect(store.commit(batch, 'written')).rejects.toMatchObject({ code, cause: error });
  };
  await fails('STORE_FULL');
  error = new Error('IO error: log.000005: No space left on device');
  await fails('STORE_FULL');
  error = new Error('Connection is closed.');
  await fails('STORE_CLOSED');
  error = new Error('anything');
  await fails('STORE_IO_ERROR');
});

test('identifiers of received QoS 2 messages are stored after the messages, never before', async () => {
  const calls: string[] = [];
  const instance = new MemoryPersistence();
  for (const name of ['outgoingEnqueue', 'incomingStorePacket']) {
    replaceMethod(instance, name, (original) => (...args: unknown[]) => {
      calls.push(name);
      return original(...args);
    });
  }
  const store = closing(aedesStore(instance, silent));
  await loaded(store);
  await store.commit([putSession('publisher'), putSession('subscriber')], 'written');
  calls.length = 0;
  await store.commit(
    [{ do: 'putInboundId', clientId: 'publisher', packetId: 1 }, ...enqueue('subscriber', 1)],
    'written',
  );
  expect(calls).toEqual(['outgoingEnqueue', 'incomingStorePacket', 'incomingStorePacket']);
});

test('a failing read of retained messages fails the start, and nothing else', async () => {
  const instance = memoryWith('createRetainedStream', () => () => {
    return new Readable({
      objectMode: true,
      read() {
        this.destroy(new Error('the disk is gone'));
      },
    });
  });
  const store = closing(aedesStore(instance, silent));
  await expect(loaded(store)).rejects.toMatchObject({ code: 'STORE_IO_ERROR' });
});

test('retained messages are read once, at start', async () => {
  let reads = 0;
  const instance = memoryWith('createRetainedStream', (original) => (...args: unknown[]) => {
    reads++;
    return original(...args);
  });
  const brokers = await restartable({ place: async () => ({ instance: () => instance, options: silent }) });
  const { laboratory } = brokers;
  const alice = await laboratory.connect(await brokers.start(), { clientId: 'alice' });
  await alice.publish('a', 'x', { qos: 1, retain: true });
  for (let i = 0; i < 5; i++) await alice.subscribe('#', { qos: 0 });
  expect(reads).toBe(1);
  await brokers.stop();
});

test('an instance of callbacks only is served, and waited for until it is ready', async () => {
  const wrapped = new CallBackPersistence(() => new MemoryPersistence());
  const oldStyle = new Proxy(wrapped, {
    get(target, name) {
      if (name === 'asyncPersistence' || name === 'setup') return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    has: (target, name) => Reflect.has(target, name),
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
  const store = aedesStore(oldStyle, { ...silent, destroyOnClose: false });
  await loaded(store);
  await store.commit([putSession('a'), ...enqueue('a', 1, 2)], 'written');
  await store.commit([{ do: 'dequeue', clientId: 'a', sequence: 1 }], 'written');
  await store.close();
  const second = aedesStore(oldStyle, { ...silent, destroyOnClose: false });
  expect(await loaded(second)).toMatchObject([{ queue: { length: 1, lastSequence: 2 } }]);
});

test('what is no aedes-persistence is refused at once', () => {
  expect(() => aedesStore({})).toThrow(/no aedes-persistence: it has no storeRetained/);
});

test('a client id that the backend cannot write is a store failure', async () => {
  const place = await levelBackend.place();
  const store = closing(aedesStore(place.instance(), place.options));
  await loaded(store);
  await expect(store.commit([putSession('\ud800')], 'written')).rejects.toMatchObject({ name: 'StoreError' });
});

test('a backend that drops every field it does not know still gets everything through', async () => {
  const instance = memoryWith('outgoingEnqueue', (original) => (sub: unknown, packet: object) => {
    const {
      nl: _,
      properties: __,
      messageExpiry: ___,
      ...rest
    } = { nl: 0, properties: 0, messageExpiry: 0, ...packet };
    return original(sub, rest);
  });
  const store = closing(aedesStore(instance, silent));
  await loaded(store);
  const entry = sampleEntry(1, {
    message: sampleMessage('payload', {
      properties: { contentType: 'x', correlationData: new Uint8Array([1, 2]) },
      expiresAt: 5_000,
    }),
    subscriptionIdentifiers: [3, 4],
    share: '$share/g/a',
  });
  await store.commit([putSession('a'), { do: 'enqueue', clientId: 'a', entry }], 'written');
  expect(await store.readQueue('a', 0, { entries: 10, bytes: 1000 })).toEqual([entry]);
});

test('the instance in memory promises nothing, and the others no flush; both say so once', async () => {
  const { logger, all } = warnings();
  const memory = aedesStore(aedesMemory(), { logger });
  expect(memory.supports).toEqual({ durability: 'memory', atomicBatches: false, restart: false });
  const level = closing(aedesStore(aedesPersistenceLevel(new Level(await temporaryFolder())), { logger }));
  expect(level.supports).toEqual({ durability: 'written', atomicBatches: false, restart: true });
  await loaded(level);
  await level.commit([putSession('a'), ...enqueue('a', 1)], 'written');
  expect(all).toHaveLength(1);
  expect(all[0]).toContain('batches are not atomic');
  expect(all[0]).toContain('nothing is flushed');
  expect(all[0]).toContain('cannot be listed');
});

test('a session that was half created or half deleted when the process died is gone', async () => {
  const place = await memoryBackend.place();
  const store = aedesStore(place.instance(), place.options);
  await loaded(store);
  await store.commit([putSession('half'), putSession('whole'), ...enqueue('half', 1)], 'written');
  const inner: unknown = Reflect.get(place.instance(), 'asyncPersistence');
  if (typeof inner !== 'object' || inner === null) throw new Error('no instance in the instance');
  await Reflect.get(inner, 'cleanIncoming').call(inner, { id: 'half' });
  const second = aedesStore(place.instance(), place.options);
  const records = await loaded(second);
  expect(records).toMatchObject([{ kind: 'session', session: { clientId: 'whole' } }]);
  await second.commit([putSession('half')], 'written');
  expect(await sequences(second, 'half')).toEqual([]);
});

test('a removal that a crash cut short is finished at the next start', async () => {
  const instance = new MemoryPersistence();
  let dies = false;
  replaceMethod(instance, 'outgoingClearMessageId', (original) => (...args: unknown[]) => {
    return dies ? Promise.reject(new Error('killed')) : original(...args);
  });
  const first = aedesStore(instance, silent);
  await loaded(first);
  await first.commit([putSession('a'), ...enqueue('a', 1, 2)], 'written');
  dies = true;
  await expect(first.commit([{ do: 'dequeue', clientId: 'a', sequence: 1 }], 'written')).rejects.toThrow(
    'killed',
  );
  dies = false;
  const second = aedesStore(instance, silent);
  await loaded(second);
  // In memory a cut removal leaves the message itself: it is sent once more.
  expect(await sequences(second, 'a')).toEqual([1, 2]);
});

test('a removal on LevelDB that a crash cut short leaves nothing behind', async () => {
  const folder = await temporaryFolder();
  let level = new Level(folder);
  const dying = aedesPersistenceLevel(level);
  const inner: unknown = Reflect.get(dying, 'asyncPersistence');
  if (typeof inner !== 'object' || inner === null) throw new Error('no instance in the instance');
  const first = aedesStore(dying, silent);
  await loaded(first);
  await first.commit([putSession('a'), ...enqueue('a', 1, 2)], 'written');
  replaceMethod(inner, 'outgoingClearMessageId', () => () => Promise.reject(new Error('killed')));
  await expect(first.commit([{ do: 'dequeue', clientId: 'a', sequence: 1 }], 'written')).rejects.toThrow(
    'killed',
  );
  await level.close();
  level = new Level(folder);
  const second = aedesStore(aedesPersistenceLevel(level), silent);
  expect(await loaded(second)).toMatchObject([{ kind: 'session', queue: { length: 1 } }]);
  expect(await sequences(second, 'a')).toEqual([2]);
  await second.close();
  await level.open();
  expect(await level.keys({ gte: 'outgoing', lt: 'outgoing~' }).all()).toHaveLength(1);
  await level.close();
});
