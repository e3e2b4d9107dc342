import { test } from 'vitest';
import { world } from '../broker.ts';

test('[MQTT-3.12.4-1] PINGREQ is answered by PINGRESP', async () => {
  const { connect } = world();
  const client = await connect();
  client.send({ type: 'pingreq' });
  await client.expect('pingresp');
  await client.expectNothing();
});
