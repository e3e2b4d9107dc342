/*
 * What 1,000,000 queued messages of 200 bytes cost: memory while they wait for 100 sessions, time to store
 * them, to load the store and to drain it page by page.
 *
 *     node --expose-gc packages/persistence-level/bench/deep-queues.mjs        (after pnpm build)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelStore } from '../dist/index.js';

const messages = 1_000_000;
const sessions = 100;
const payloadBytes = 200;
const batchSize = 1_000;
const pageLimits = { entries: 256, bytes: 1024 * 1024 };

const location = await mkdtemp(join(tmpdir(), 'carillon-bench-'));
try {
  tell('at the beginning');
  const filling = levelStore({ location });
  await filling.open();
  for await (const _ of filling.load()) throw new Error('the folder is not empty');
  await filling.commit(
    Array.from({ length: sessions }, (_, i) => putSession(i)),
    'written',
  );
  let started = performance.now();
  for (let first = 0; first < messages; first += batchSize) {
    await filling.commit(
      Array.from({ length: batchSize }, (_, i) => enqueue(first + i)),
      'written',
    );
  }
  tell(`${messages} stored in ${seconds(started)} s`);
  await filling.close();

  const store = levelStore({ location });
  started = performance.now();
  await store.open();
  let queued = 0;
  for await (const record of store.load()) if (record.kind === 'session') queued += record.queue.length;
  tell(`${queued} loaded in ${seconds(started)} s`);

  started = performance.now();
  let drained = 0;
  for (let i = 0; i < sessions; i++) drained += await drain(store, `device-${i}`);
  tell(`${drained} drained in ${seconds(started)} s`);
  await store.close();
} finally {
  await rm(location, { recursive: true, force: true });
}

async function drain(store, clientId) {
  for (let last = 0, drained = 0; ; ) {
    const page = await store.readQueue(clientId, last, pageLimits);
    if (page.length === 0) return drained;
    last = page.at(-1).sequence;
    drained += page.length;
    await store.commit(
      page.map(({ sequence }) => ({ do: 'dequeue', clientId, sequence })),
      'written',
    );
  }
}

function putSession(i) {
  const at = 1_700_000_000_000;
  const times = { createdAt: at, disconnectedAt: at, sessionExpiryInterval: 0xffff_ffff };
  const session = {
    clientId: `device-${i}`,
    protocolVersion: 5,
    ...times,
    identity: undefined,
    mountPoint: '',
  };
  return { do: 'putSession', session };
}

function enqueue(number) {
  const message = {
    topic: 'fleet/commands',
    payload: new Uint8Array(payloadBytes).fill(number & 0xff),
    qos: 1,
    retain: false,
    properties: {},
    origin: 'client',
    publisherId: 'control',
    receivedAt: 1_700_000_000_000,
    expiresAt: undefined,
  };
  const delivery = { qos: 1, retain: false, subscriptionIdentifiers: [], share: undefined, packetId: 0 };
  const sequence = 1 + Math.floor(number / sessions);
  const entry = { sequence, message, ...delivery, state: 'queued' };
  return { do: 'enqueue', clientId: `device-${number % sessions}`, entry };
}

function tell(what) {
  globalThis.gc?.();
  console.log(`${what}: RSS ${Math.round(process.memoryUsage().rss / 1024 / 1024)} MB`);
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}
