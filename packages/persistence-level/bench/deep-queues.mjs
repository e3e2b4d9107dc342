/*
 * What 1,000,000 messages of 200 bytes cost a broker that keeps them for 100 clients who are away, over real
 * sockets, on a real folder: memory before, while they wait and after a restart; the rate at which they are
 * acknowledged, and at which the clients get them when they are back.
 *
 *     node packages/persistence-level/bench/deep-queues.mjs [messages] [durability]        (after pnpm build)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerUnderLoad } from './broker-under-load.mjs';
import { LoadClient, publishFrame } from './load-client.mjs';

const [messages = 1_000_000, durability = 'written'] = process.argv.slice(2);
const devices = 100;
const publishers = 10;
const window = 100;
const payload = Buffer.alloc(200, 'x');
/** Clients that come back at the same time. */
const together = 10;

const location = await mkdtemp(join(tmpdir(), 'carillon-bench-'));
let broker = await BrokerUnderLoad.start(location, durability);
try {
  for (let i = 0; i < devices; i++) await subscribe(i);
  await tell('before', 0, await broker.usage(), performance.now());

  await measure('stored', () => publishAll());
  await broker.stop();
  broker = await BrokerUnderLoad.start(location, durability);
  console.log(`started again in ${(broker.startedIn / 1000).toFixed(1)} s`);
  await tell('after a restart', 0, await broker.usage(), performance.now());

  await measure('delivered', () => drainAll());
  await broker.stop();
} finally {
  await rm(location, { recursive: true, force: true });
}

async function subscribe(i) {
  const client = await LoadClient.connect(broker.port, `device-${i}`);
  await client.subscribe(`fleet/${i}`, 1);
  await client.end();
}

async function publishAll() {
  const frames = Array.from({ length: devices }, (_, i) => publishFrame(`fleet/${i}`, payload));
  const sending = Array.from({ length: publishers }, async (_, p) => {
    const client = await LoadClient.connect(broker.port, `control-${p}`, { clean: true });
    await client.publish(messages / publishers, window, (n) => frames[(p + n) % devices]);
    await client.end();
  });
  await Promise.all(sending);
}

async function drainAll() {
  for (let first = 0; first < devices; first += together) {
    await Promise.all(Array.from({ length: together }, (_, i) => drain(first + i)));
  }
}

async function drain(i) {
  const client = await LoadClient.connect(broker.port, `device-${i}`);
  await client.until(() => client.received === messages / devices);
  await client.end();
}

async function measure(what, work) {
  const before = await broker.usage();
  const started = performance.now();
  await work();
  await tell(`${messages} ${what}`, messages, before, started);
}

async function tell(what, count, before, started) {
  const seconds = (performance.now() - started) / 1000;
  const { rss, cpu } = await broker.usage();
  const memory = `RSS ${Math.round(rss / 1024 / 1024)} MB`;
  if (count === 0) {
    console.log(`${what}: ${memory}`);
    return;
  }
  const rate = Math.round(count / seconds);
  const each = (((cpu - before.cpu) / count) * 1e6).toFixed(1);
  console.log(`${what} in ${seconds.toFixed(1)} s: ${rate} a second, ${each} µs of CPU time each, ${memory}`);
}
