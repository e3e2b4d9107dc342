/*
 * How long a store takes to load 100,000 sessions, 500,000 subscriptions and 100,000 retained messages.
 *
 *     node packages/persistence-level/bench/many-records.mjs        (after pnpm build)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelStore } from '../dist/index.js';

const sessions = 100_000;
const subscriptionsEach = 5;
const retained = 100_000;
const batchSize = 5_000;

const location = await mkdtemp(join(tmpdir(), 'carillon-bench-'));
try {
  const filling = levelStore({ location });
  await filling.open();
  for await (const _ of filling.load()) throw new Error('the folder is not empty');
  const started = performance.now();
  let batch = [];
  for (const operation of everything()) {
    batch.push(operation);
    if (batch.length < batchSize) continue;
    await filling.commit(batch, 'written');
    batch = [];
  }
  await filling.commit(batch, 'synced');
  await filling.close();
  console.log(`stored in ${seconds(started)} s`);

  const store = levelStore({ location });
  const opened = performance.now();
  await store.open();
  console.log(`opened in ${seconds(opened)} s`);
  const loading = performance.now();
  const counts = {};
  for await (const { kind } of store.load()) counts[kind] = (counts[kind] ?? 0) + 1;
  console.log(`loaded in ${seconds(loading)} s: ${JSON.stringify(counts)}`);
  await store.close();
} finally {
  await rm(location, { recursive: true, force: true });
}

function* everything() {
  for (let i = 0; i < sessions; i++) {
    const clientId = `device-${i}`;
    yield { do: 'putSession', session: sessionOf(clientId) };
    for (let j = 0; j < subscriptionsEach; j++) {
      yield { do: 'putSubscription', clientId, subscription: subscriptionTo(`fleet/${i}/commands/${j}/#`) };
    }
  }
  for (let i = 0; i < retained; i++) yield { do: 'putRetained', message: messageOn(`fleet/${i}/state`) };
}

function sessionOf(clientId) {
  const at = 1_700_000_000_000;
  const times = { createdAt: at, disconnectedAt: at, sessionExpiryInterval: 0xffff_ffff };
  return { clientId, protocolVersion: 5, ...times, identity: undefined, mountPoint: '' };
}

function subscriptionTo(filter) {
  const flags = { noLocal: false, retainAsPublished: false, retainHandling: 0 };
  const absent = { shareName: undefined, subscriptionIdentifier: undefined };
  return { filter, topicFilter: filter, qos: 1, ...flags, ...absent };
}

function messageOn(topic) {
  return {
    topic,
    payload: new Uint8Array(200).fill(65),
    qos: 1,
    retain: true,
    properties: {},
    origin: 'client',
    publisherId: 'device',
    receivedAt: 1_700_000_000_000,
    expiresAt: undefined,
  };
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(2);
}
