import { EngineBroker } from '@carillon/broker';
import { Laboratory } from '@carillon/testkit';
import { expect, test } from 'vitest';

test('an hour of the example passes in a moment', async () => {
  // Time, turns and chance come from the host: here a laboratory's, in a server those of Node.
  const laboratory = new Laboratory();
  const broker = new EngineBroker({ limits: { maximumKeepAlive: 60 } }, laboratory.platform);

  // Whatever carries bytes is handed over with what is known of the other end.
  const sensor = await laboratory.connect(broker, { clientId: 'sensor-7', keepAlive: 600 });
  await laboratory.advance(3_600_000);
  await sensor.expectDisconnect(0x8d); // Keep Alive timeout: 60 seconds counted, not 600

  expect(broker.client('sensor-7')).toBeUndefined();
  await broker.close();
});
