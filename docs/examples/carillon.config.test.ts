import { Laboratory, PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, test } from 'vitest';

test('the configuration of the guide lets in who knows the password', async () => {
  process.env.MQTT_PASSWORD = 'tick-tock';
  const { broker: options = {}, plugins = [] } = (await import('./carillon.config.ts')).default;
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform, ...options });
  for (const plugin of plugins) broker.use(plugin);

  const outcome = async (password: string) => {
    const client = PacketClient.connect(broker, { laboratory });
    const { reasonCode } = await client.connectPacket({ username: 'x', password: Buffer.from(password) });
    return reasonCode;
  };
  expect(await outcome('tick-tock')).toBe(0);
  expect(await outcome('tock-tick')).toBe(0x87);
  expect(broker.limits.maximumPacketSize).toBe(65_536);
});
