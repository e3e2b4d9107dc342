/*
 * How long a broker takes to start with 100,000 sessions, 500,000 subscriptions and 100,000 retained messages.
 *
 *     BENCH_LOG=1 node packages/persistence-level/bench/start-up.mjs        (after pnpm build)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelStore } from '@carillon/persistence-level';
import { BrokerUnderLoad } from './broker-under-load.mjs';

const sessions = 100_000;
const subscriptionsEach = 5;
const retained = 100_000;
const batchSize = 5_000;

const location = await mkdtemp(join(tmpdir(), 'carillon-bench-'));
try {
  await fill();
  const broker = await BrokerUnderLoad.start(location, 'written');
  const { rss, cpu } = await broker.usage();
  console.log(
    `started in ${(broker.startedIn / 1000).toFixed(1)} s, ${cpu.toFixed(1)} s of CPU time, RSS ${Math.round(rss / 1024 / 1024)} MB`,
  );
  await broker.stop();
} finally {
  await rm(location, { recursive: true, force: true });
}

async function fill() {
  const store = levelStore({ location });
  await store.open();
  for await (const _ of store.load()) throw new Error('the folder is not empty');
  let batch = [];
  for (const operation of everything()) {
    batch.push(operation);
    if (batch.length < batchSize) continue;
    await store.commit(batch, 'written');
    batch = [];
  }
  await store.commit(batch, 'synced');
  await store.close();
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
  return { clientId, protocolVersion: 5, ...times, identity: undefined, groups: [], mountPoint: '' };
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
