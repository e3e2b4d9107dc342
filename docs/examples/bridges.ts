import { mqttBridge } from '@carillon/bridge-mqtt';
import { createBroker } from 'carillon';

// The other site; in life it runs elsewhere, and may be Mosquitto.
export const headOffice = createBroker();
await headOffice.listen({ port: 1884 });

export const plant = createBroker();
export const bridge = mqttBridge({
  bridges: [
    {
      name: 'head-office',
      addresses: ['mqtt://localhost:1884', 'mqtt://localhost:1885'],
      topics: [
        // As in Mosquitto's configuration: here sensors/…, there plant7/sensors/….
        'sensors/# out 1 "" plant7/',
        // The same by patterns, for what a prefix cannot say.
        { local: 'commands/{machine}/+', remote: 'machines/{machine}/commands/+', direction: 'in', qos: 2 },
      ],
      credentials: () => ({ username: 'plant7', password: freshToken() }),
    },
  ],
});
plant.use(bridge);
plant.use({
  name: 'watch the bridge',
  hooks: {
    bridgeChanged({ bridge: name, change, address, reason }) {
      console.log(`${name} ${change}: ${address} ${reason}`);
    },
  },
});
await plant.listen({ port: 1883 });

function freshToken(): string {
  return `valid at ${Date.now()}`;
}

export async function addAnother(): Promise<void> {
  bridge.add({
    name: 'archive',
    addresses: 'mqtt://localhost:1884',
    topics: ['alarms/# out 2 "" archive/'],
    start: 'lazy',
  });
  for (const { name, condition, counters } of bridge.list()) {
    console.log(name, condition, counters.waiting, counters.lag);
  }
  await bridge.remove('archive');
}
