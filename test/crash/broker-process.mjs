// The broker that is killed: a process of its own, on a real folder. It says its port, then only serves.
import { levelPersistence } from '@carillon/persistence-level';
import { createBroker } from 'carillon';

const [location, durability, port, bridgeTo] = process.argv.slice(2);
const broker = createBroker({
  durability,
  systemTopicInterval: 0,
  limits: { maximumQueuedMessages: 1_000_000, maximumQueuedBytes: 1_000_000_000 },
});
broker.use(levelPersistence({ location }));
if (Number(bridgeTo) > 0) {
  const { mqttBridge } = await import('@carillon/bridge-mqtt');
  broker.use(
    mqttBridge({
      bridges: [
        {
          name: 'crash',
          addresses: `mqtt://127.0.0.1:${bridgeTo}`,
          topics: ['crash/# both 2'],
          backOff: { minimum: 20, maximum: 200 },
        },
      ],
    }),
  );
}
const listener = await broker.listen({ host: '127.0.0.1', port: Number(port) });
process.stdout.write(`${JSON.stringify({ port: listener.address.port })}\n`);
