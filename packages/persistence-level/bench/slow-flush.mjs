/*
 * How many messages a hundred publishers get acknowledged at `synced`, over real sockets, on a disk whose flush takes
 * 5 ms: each has a hundred of them under way.
 *
 *     node packages/persistence-level/bench/slow-flush.mjs [messages] [milliseconds]        (after pnpm build)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerUnderLoad } from './broker-under-load.mjs';
import { LoadClient, publishFrame } from './load-client.mjs';

const [messages = 500_000, flushTakes = 5] = process.argv.slice(2).map(Number);
const devices = 20;
const publishers = 100;
const window = 100;
const payload = Buffer.alloc(64, 'x');

const location = await mkdtemp(join(tmpdir(), 'carillon-bench-'));
const broker = await BrokerUnderLoad.start(location, 'synced', { flushTakes });
try {
  for (let i = 0; i < devices; i++) {
    const device = await LoadClient.connect(broker.port, `device-${i}`);
    await device.subscribe(`fleet/${i}`, 1);
    await device.end();
  }
  const frames = Array.from({ length: devices }, (_, i) => publishFrame(`fleet/${i}`, payload));
  const clients = await Promise.all(
    Array.from({ length: publishers }, (_, p) =>
      LoadClient.connect(broker.port, `control-${p}`, { clean: true }),
    ),
  );
  const before = await broker.usage();
  const started = performance.now();
  await Promise.all(
    clients.map((client, p) =>
      client.publish(messages / publishers, window, (n) => frames[(p + n) % devices]),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  const { cpu } = await broker.usage();
  const each = ((cpu - before.cpu) / messages) * 1e6;
  console.log(
    `${messages} messages in ${seconds.toFixed(1)} s: ${Math.round(messages / seconds)} a second, ${each.toFixed(1)} µs of CPU time each`,
  );
  for (const client of clients) await client.end();
} finally {
  await broker.stop();
  await rm(location, { recursive: true, force: true });
}
