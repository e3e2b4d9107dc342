import { Laboratory } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { EngineBroker } from '../src/index.ts';

test('a message goes from one client to another at every QoS', async () => {
  const laboratory = new Laboratory();
  const broker = new EngineBroker({ logger: laboratory.logger }, laboratory.platform);
  for (const version of [3, 4, 5] as const) {
    const alice = await laboratory.connect(broker, { clientId: `alice${version}`, protocolVersion: version });
    const bob = await laboratory.connect(broker, { clientId: `bob${version}`, protocolVersion: version });
    await alice.subscribe('greetings/+', { qos: 2 });
    for (const qos of [0, 1, 2] as const) {
      await bob.publish('greetings/hello', `qos ${qos}`, { qos });
      const message = await alice.receiveMessage();
      expect(message).toMatchObject({ topic: 'greetings/hello', text: `qos ${qos}`, qos });
    }
    await alice.disconnect();
    await bob.disconnect();
  }
});
