// The broker that is killed: a process of its own, on a real folder. It says its port, then only serves.
import { levelPersistence } from '@carillon/persistence-level';
import { createBroker } from 'carillon';

const [location, durability, port] = process.argv.slice(2);
const broker = createBroker({
  durability,
  systemTopicInterval: 0,
  limits: { maximumQueuedMessages: 1_000_000, maximumQueuedBytes: 1_000_000_000 },
});
broker.use(levelPersistence({ location }));
const listener = await broker.listen({ host: '127.0.0.1', port: Number(port) });
process.stdout.write(`${JSON.stringify({ port: listener.address.port })}\n`);
