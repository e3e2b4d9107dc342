import { createBroker } from 'carillon';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { type AuthGuardOptions, authGuard } from '../src/index.ts';

async function serve(options?: AuthGuardOptions) {
  const broker = createBroker();
  onTestFinished(() => broker.close({ within: 0 }));
  const guard = authGuard(options);
  broker.use(guard);
  const { address } = await broker.listen({ port: 0, host: '127.0.0.1' });
  const connect = async (how: IClientOptions): Promise<MqttClient> => {
    const url = `mqtt://127.0.0.1:${address.port}`;
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...how });
    client.on('error', () => {});
    onTestFinished(() => client.endAsync(true));
    return client;
  };
  return { guard, connect };
}

test.each([4, 5] as const)(
  'MQTT.js (protocol %i) is banned while it is connected, and after',
  async (version) => {
    const { guard, connect } = await serve();
    const device = { clientId: 'pump7', protocolVersion: version };
    const client = await connect(device);
    const closed = new Promise<void>((resolve) => client.once('close', resolve));
    await guard.ban({ clientId: 'pump7' });
    await closed;
    await expect(connect(device)).rejects.toMatchObject({ code: version === 5 ? 0x8a : 5 });
  },
);

test('MQTT.js publishes faster than it may, and every message arrives in order', async () => {
  const { connect } = await serve({ rates: { messages: { perSecond: 100, burst: 10 } } });
  const receiver = await connect({ clientId: 'receiver' });
  await receiver.subscribeAsync('t', { qos: 1 });
  const arrived: number[] = [];
  const all = new Promise<void>((resolve) => {
    receiver.on('message', (_topic, payload) => {
      if (arrived.push(Number(payload.toString())) === 40) resolve();
    });
  });
  const sender = await connect({ clientId: 'sender' });
  const began = performance.now();
  await Promise.all(Array.from({ length: 40 }, (_, n) => sender.publishAsync('t', String(n), { qos: 1 })));
  await all;
  expect(arrived).toEqual(Array.from({ length: 40 }, (_, n) => n));
  // Ten at once and thirty at a hundred a second; a busy machine can only be slower.
  expect(performance.now() - began).toBeGreaterThan(250);
});
