/* An acknowledgement leaves when the backend has stored what it stands for. */
import { expect, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { closing, MemoryPersistence, memoryWith, replaceMethod } from './altered-instance.ts';
import { silent } from './backends.ts';
import { lasting, restartable } from './restartable.ts';
import { enqueue, loaded, putSession, sequences } from './sample-records.ts';

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
