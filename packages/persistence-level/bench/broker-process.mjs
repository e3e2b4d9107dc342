// The broker that is measured: a process of its own, so that its memory and CPU time are its own.
import { levelPersistence } from '@carillon/persistence-level';
import { createBroker } from 'carillon';
import { slowDisk } from './slow-disk.mjs';

const [location, durability, flushTakes] = process.argv.slice(2);
const unbounded = { maximumQueuedMessages: 10_000_000, maximumQueuedBytes: 10_000_000_000 };
const started = performance.now();
const broker = createBroker({
  durability,
  systemTopicInterval: 0,
  logger: console,
  limits: { ...unbounded, maximumSessions: 10_000_000, receiveMaximum: 65_535, maximumInflight: 1000 },
});
broker.use(
  levelPersistence(flushTakes === '0' ? { location } : { database: slowDisk(location, Number(flushTakes)) }),
);
const listener = await broker.listen({ host: '127.0.0.1', port: 0 });
process.send({ port: listener.address.port, startedIn: performance.now() - started });

process.on('message', async (asked) => {
  if (asked === 'usage') {
    const { user, system } = process.cpuUsage();
    globalThis.gc?.();
    process.send({ rss: process.memoryUsage().rss, cpu: (user + system) / 1e6 });
  } else {
    await broker.close();
    process.disconnect();
  }
});
