import type { PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { textsIn } from '../messages.ts';
import { world311 } from './world311.ts';

const will = { topic: 'gone', payload: 'bye' };

/** A client with a will, and somebody who listens for it. */
async function clientWithWill(draft: Partial<typeof will> & { retain?: boolean; qos?: 0 | 1 | 2 } = {}) {
  const place = world311();
  const watcher = await place.connect('watcher');
  await watcher.subscribe('gone', { qos: 2 });
  const client = await place.connect({ clientId: 'client', keepAlive: 10, will: { ...will, ...draft } });
  return { ...place, watcher, client };
}

const ends: [string, (client: PacketClient, advance: (ms: number) => Promise<void>) => Promise<void>][] = [
  ['the connection breaks', (client) => client.drop()],
  ['the client closes without DISCONNECT', (client) => client.end()],
  ['the client is silent beyond its keep alive', (_, advance) => advance(15_000)],
  [
    'the client breaks the protocol',
    async (client) => {
      client.sendBytes('f0 00');
      await client.expectClosed();
    },
  ],
];
test.each(ends)('[v3:MQTT-3.1.2-8] the will goes out when %s', async (_, end) => {
  const { client, watcher, laboratory } = await clientWithWill();
  await end(client, (ms) => laboratory.advance(ms));
  expect(textsIn(await watcher.receiveAll())).toEqual(['bye']);
});

test('[v3:MQTT-3.1.2-8] the will goes out when the server shuts down', async () => {
  const { broker, connect, laboratory } = world311();
  const heard: string[] = [];
  broker.subscribe('gone', ({ payload }) => void heard.push(new TextDecoder().decode(payload)));
  await connect({ clientId: 'client', will });
  const closed = broker.close();
  await laboratory.settle();
  await closed;
  expect(heard).toEqual(['bye']);
});

test('[v3:MQTT-3.1.2-8] the will of a refused CONNECT does not go out', async () => {
  const { watcher, broker, newcomer } = await clientWithWill();
  broker.use({ name: 'door', hooks: { authenticate: () => false } });
  const refused = newcomer();
  await refused.connectPacket({ clientId: 'other', will });
  await refused.expectClosed();
  await watcher.expectNothing();
});

test('[v3:MQTT-3.1.2-10] [v3:MQTT-3.14.4-3] after DISCONNECT no will goes out', async () => {
  const { client, watcher } = await clientWithWill();
  await client.disconnect();
  await watcher.expectNothing();
});

test('[v3:MQTT-3.1.2-10] a will goes out once: the next connection without one has none', async () => {
  const { client, watcher, connect } = await clientWithWill();
  await client.drop();
  expect(textsIn(await watcher.receiveAll())).toEqual(['bye']);
  await (await connect('client')).drop();
  await watcher.expectNothing();
});

test('[v3:MQTT-3.1.2-10] a will that DISCONNECT took back does not come back with the session', async () => {
  const { connect } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const first = await connect({ clientId: 'client', cleanStart: false, will });
  await first.disconnect();
  const second = await connect({ clientId: 'client', cleanStart: false });
  await second.drop();
  await watcher.expectNothing();
});

test('[v3:MQTT-3.1.2-12] without a Will Flag nothing goes out', async () => {
  const { connect } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('#');
  await (await connect('client')).drop();
  await watcher.expectNothing();
});

test('[v3:MQTT-3.1.2-9] the will goes out with the QoS that its flags say, as far as the grant goes', async () => {
  for (const qos of [0, 1, 2] as const) {
    const { client, watcher } = await clientWithWill({ qos });
    await client.drop();
    expect((await watcher.receiveMessage()).qos).toBe(qos);
  }
});

test('[v3:MQTT-3.1.2-16] with Will Retain 0 the retained message stays as it was', async () => {
  const { client, watcher, connect } = await clientWithWill();
  await watcher.publish('gone', 'before', { retain: true });
  await client.drop();
  const late = await connect('late');
  await late.subscribe('gone');
  expect((await late.receiveMessage()).text).toBe('before');
  await late.expectNothing();
});

test('[v3:MQTT-3.1.2-17] with Will Retain 1 the will is retained', async () => {
  const { client, connect } = await clientWithWill({ retain: true });
  await client.drop();
  const late = await connect('late');
  await late.subscribe('gone');
  expect(await late.receiveMessage()).toMatchObject({ text: 'bye', retain: true });
});

test('[v3:MQTT-3.1.2-17] [v3:MQTT-3.3.1-11] a will with Will Retain 1 and no payload clears the retained message', async () => {
  const { client, watcher, connect } = await clientWithWill({ retain: true, payload: '' });
  await watcher.publish('gone', 'before', { retain: true });
  await client.drop();
  const late = await connect('late');
  await late.subscribe('gone');
  await late.expectNothing();
});
