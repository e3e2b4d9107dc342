import { describe, expect, test } from 'vitest';
import { RawClient } from '../wire.ts';
import { connect311, world311 } from './world311.ts';

const kept = { clientId: 'meter', cleanStart: false };

test('[v3:MQTT-3.1.4-4] [v3:MQTT-3.2.0-1] a valid CONNECT is answered by CONNACK 0, and nothing else', async () => {
  const raw = new RawClient(world311());
  expect(await raw.say(connect311())).toBe('20 02 00 00');
  expect(raw.closed).toBe(false);
});

test('[v3:MQTT-3.2.0-1] CONNACK comes before what waited in the session', async () => {
  const { connect, newcomer } = world311();
  const meter = await connect(kept);
  await meter.subscribe('news', { qos: 1 });
  await meter.disconnect();
  await (await connect('bob')).publish('news', 'waiting', { qos: 1 });
  const again = newcomer();
  again.send({ type: 'connect', ...kept });
  const types = (await again.receiveAll()).map(({ type }) => type);
  expect(types).toEqual(['connack', 'publish']);
});

test('[v3:MQTT-3.2.0-1] CONNACK comes before the answers to what was sent along with CONNECT', async () => {
  const client = world311().newcomer();
  client.send({ type: 'connect', clientId: 'meter' });
  client.send({ type: 'subscribe', packetId: 1, subscriptions: ['a'] });
  client.send({ type: 'publish', topic: 'a', qos: 1, packetId: 2 });
  client.send({ type: 'pingreq' });
  const types = (await client.receiveAll()).map(({ type }) => type);
  expect(types[0]).toBe('connack');
  expect(types.slice(1).sort()).toEqual(['pingresp', 'puback', 'publish', 'suback']);
});

describe('Session Present', () => {
  test('[v3:MQTT-3.2.2-1] is 0 with CleanSession 1, even where a session was thrown away', async () => {
    const { connect } = world311();
    await (await connect(kept)).disconnect();
    const clean = await connect({ ...kept, cleanStart: true });
    expect(clean.connack).toMatchObject({ sessionPresent: false, reasonCode: 0 });
  });

  test('[v3:MQTT-3.2.2-2] is 1 with CleanSession 0 where there is a session, though it holds nothing', async () => {
    const { connect } = world311();
    await (await connect(kept)).disconnect();
    expect((await connect(kept)).connack).toMatchObject({ sessionPresent: true, reasonCode: 0 });
  });

  test('[v3:MQTT-3.2.2-3] is 0 with CleanSession 0 where there is none', async () => {
    const { connect } = world311();
    expect((await connect(kept)).connack).toMatchObject({ sessionPresent: false, reasonCode: 0 });
  });

  test('[v3:MQTT-3.2.2-4] is 0 in a refusal, though there is a session', async () => {
    const { connect, broker, newcomer } = world311();
    await (await connect(kept)).disconnect();
    broker.use({ name: 'door', hooks: { authenticate: () => false } });
    const refused = await newcomer().connectPacket(kept);
    expect(refused.reasonCode).not.toBe(0);
    expect(refused.sessionPresent).toBe(false);
  });
});

describe('a refusal', () => {
  const codes: [number, number][] = [
    [0x85, 2],
    [0x88, 3],
    [0x97, 3],
    [0x86, 4],
    [0x87, 5],
  ];
  test.each(codes)(
    '[v3:MQTT-3.2.2-5] of reason 0x%i is CONNACK %i and a close',
    async (reasonCode, returnCode) => {
      const { broker, newcomer } = world311();
      broker.use({ name: 'door', hooks: { authenticate: () => ({ allow: false, reasonCode }) } });
      const client = newcomer();
      expect((await client.connectPacket()).reasonCode).toBe(returnCode);
      await client.expectClosed();
    },
  );

  test('[v3:MQTT-3.2.2-6] for which no return code fits is a close without a CONNACK', async () => {
    const { newcomer } = world311({ retainAvailable: false });
    const client = newcomer();
    client.send({ type: 'connect', clientId: 'meter', will: { topic: 'gone', retain: true } });
    await client.expectClosed();
  });

  test('[v3:MQTT-3.1.4-5] leaves undone what was sent along with CONNECT', async () => {
    const { broker, connect, newcomer } = world311();
    const watcher = await connect('watcher');
    await watcher.subscribe('#');
    broker.use({ name: 'door', hooks: { authenticate: () => false } });
    const client = newcomer();
    client.send({ type: 'connect', clientId: 'meter', will: { topic: 'gone' } });
    client.send({ type: 'publish', topic: 'news', qos: 1, packetId: 1, retain: true });
    client.send({ type: 'subscribe', packetId: 2, subscriptions: ['#'] });
    await client.expect('connack', { reasonCode: 5 });
    await client.expectClosed();
    await watcher.expectNothing();
    expect([...broker.retainedMessages('#')]).toEqual([]);
    expect(broker.session('meter')).toBeUndefined();
  });
});
