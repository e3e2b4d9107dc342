// The broker that is killed: a process of its own, on a real folder. It says its port, then what becomes of its
// bridges, a line each; it reads what is to be done with bridges, a line each, and goes when nobody is left to say it.
import { createInterface } from 'node:readline';
import { levelPersistence } from '@carillon/persistence-level';
import { createBroker } from 'carillon';

const { location, durability, port, brokerId, bridges, webhookUrl } = JSON.parse(process.argv[2] ?? '{}');
const broker = createBroker({
  durability,
  systemTopicInterval: 0,
  limits: { maximumQueuedMessages: 1_000_000, maximumQueuedBytes: 1_000_000_000 },
});
broker.use(levelPersistence({ location }));
if (brokerId !== undefined) await joinOthers();
if (webhookUrl !== undefined) await sendBy(webhookUrl);
const listener = await broker.listen({ host: '127.0.0.1', port });
say({ port: listener.address.port });

async function joinOthers() {
  const { mqttBridge } = await import('@carillon/bridge-mqtt');
  const bridge = mqttBridge({ brokerId, bridges });
  broker.use(bridge);
  broker.use({ name: 'tell', hooks: { bridgeChanged: say } });
  const orders = createInterface({ input: process.stdin });
  orders.on('line', async (line) => {
    const { add, change, remove, settle } = JSON.parse(line);
    if (add !== undefined) bridge.add(add);
    if (change !== undefined) await bridge.change(change);
    if (remove !== undefined) {
      await bridge.remove(remove);
      say({ bridge: remove, change: 'removed' });
    }
    if (settle !== undefined) sayWhenSettled(bridge, settle);
  });
  orders.once('close', () => process.exit());
}

async function sendBy(url) {
  const { webhooks } = await import('@carillon/bridge-http');
  const backOff = { minimum: 5, maximum: 50 };
  broker.use(webhooks({ hooks: [{ id: 'crash', url, filters: 'crash/#', timeout: 5000, backOff }] }));
}

/** Nothing waits for the remote broker, nor for its acknowledgement. */
function sayWhenSettled(bridge, name) {
  let isSaid = false;
  const look = () => {
    if (isSaid || bridge.state.get(name).counters.waiting > 0) return;
    isSaid = true;
    watch[Symbol.dispose]();
    say({ bridge: name, change: 'settled' });
  };
  const watch = broker.use({ name: 'settling', hooks: { acknowledged: () => setImmediate(look) } });
  look();
}

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
