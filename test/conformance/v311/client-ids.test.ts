import { expect, test } from 'vitest';
import { world311 } from './world311.ts';

test('[v3:MQTT-3.1.3-2] the session belongs to the ClientId: another one has another session', async () => {
  const { connect } = world311();
  const alice = await connect({ clientId: 'alice', cleanStart: false });
  await alice.subscribe('news', { qos: 1 });
  await alice.disconnect();
  const other = await connect({ clientId: 'alice2', cleanStart: false });
  expect(other.connack.sessionPresent).toBe(false);
  const bob = await connect('bob');
  await bob.publish('news', 'for alice', { qos: 1 });
  await other.expectNothing();
  const again = await connect({ clientId: 'alice', cleanStart: false });
  expect(again.connack.sessionPresent).toBe(true);
  expect((await again.receiveMessage()).text).toBe('for alice');
});

test('[v3:MQTT-3.1.3-2] a ClientId is one session, whatever version of MQTT comes for it', async () => {
  const { connect } = world311();
  const first = await connect({ clientId: 'meter', cleanStart: false });
  await first.subscribe('news', { qos: 1 });
  await first.disconnect();
  const second = await connect({ clientId: 'meter', cleanStart: false }, { protocolVersion: 5 });
  expect(second.connack.sessionPresent).toBe(true);
});

test('[v3:MQTT-3.1.3-5] ClientIds of 1 to 23 letters and digits are accepted', async () => {
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  const { connect } = world311();
  for (const clientId of [...alphabet]) await connect(clientId);
  for (let length = 2; length <= 23; length++) await connect(alphabet.slice(length, 2 * length));
});

test('[v3:§3.1.3.1] longer ClientIds, and other characters, are accepted too', async () => {
  const { connect } = world311();
  await connect('x'.repeat(1000));
  await connect('house/7 – Küche #1+');
});

test('[v3:MQTT-3.1.3-6] [v3:MQTT-3.1.3-7] clients without a ClientId get one each', async () => {
  const { broker, newcomer } = world311();
  const [one, other] = [newcomer(), newcomer()];
  await one.connectPacket({ clientId: '', cleanStart: true });
  await other.connectPacket({ clientId: '', cleanStart: true });
  await one.expectNothing();
  const ids = [...broker.clients()].map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
  expect(ids).not.toContain('');
});

test('[v3:MQTT-3.1.3-7] [v3:MQTT-3.1.3-8] [v3:MQTT-3.2.2-4] no ClientId with CleanSession 0 is answered by CONNACK 0x02 and a close', async () => {
  const client = world311().newcomer();
  const connack = await client.connectPacket({ clientId: '', cleanStart: false });
  expect(connack).toMatchObject({ reasonCode: 2, sessionPresent: false });
  await client.expectClosed();
});

test('[v3:MQTT-3.1.3-9] a ClientId that the host refuses is answered by CONNACK 0x02 and a close', async () => {
  const { broker, newcomer } = world311();
  broker.use({
    name: 'names',
    hooks: {
      authenticate: ({ clientId }) => (clientId === 'nobody' ? { allow: false, reasonCode: 0x85 } : true),
    },
  });
  const client = newcomer();
  expect((await client.connectPacket({ clientId: 'nobody' })).reasonCode).toBe(2);
  await client.expectClosed();
});
