import { Laboratory } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, it } from 'vitest';
import { quota } from './quota.ts';

it('refuses the fourth message of a minute, and takes it in the next', async () => {
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform });
  broker.use(quota({ messages: 3, per: 60_000 }));

  const sensor = await laboratory.connect(broker, { clientId: 'sensor-7' });
  const watcher = await laboratory.connect(broker, { clientId: 'watcher' });
  await watcher.subscribe('rooms/#');

  for (const temperature of ['20.1', '20.4', '20.9']) {
    const puback = await sensor.publish('rooms/12', temperature, { qos: 1 });
    expect(puback.reasonCode).toBe(0x00);
    expect((await watcher.receiveMessage()).text).toBe(temperature);
  }

  const refused = await sensor.publish('rooms/12', '21.3', { qos: 1 });
  expect(refused.reasonCode).toBe(0x97); // Quota exceeded
  await watcher.expectNothing();

  await laboratory.advance(60_000);
  const accepted = await sensor.publish('rooms/12', '21.5', { qos: 1 });
  expect(accepted.reasonCode).toBe(0x00);
});
