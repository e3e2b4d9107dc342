import type { ConnectDraft, PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';

const will = { topic: 'gone', payload: 'bye' };
const minute = { sessionExpiryInterval: 60 };

/** A world with somebody who watches for the will, and the client that has one. */
async function withWill(
  draft: ConnectDraft = {},
): Promise<BrokerWorld & Record<'watcher' | 'client', PacketClient>> {
  const place = world();
  const watcher = await place.connect('watcher');
  await watcher.subscribe('gone', { qos: 2 });
  const client = await place.connect({ clientId: 'mortal', will, ...draft });
  return { ...place, watcher, client };
}

test('[MQTT-3.1.2-7] [MQTT-3.1.2-8] the Will goes out when the network fails, and not before', async () => {
  const { watcher, client } = await withWill();
  await watcher.expectNothing();
  await client.drop();
  expect(await watcher.receiveMessage()).toMatchObject({ topic: 'gone', text: 'bye', qos: 0, retain: false });
  await watcher.expectNothing();
});

test('[MQTT-3.1.2-8] the Will goes out when the client closes without DISCONNECT', async () => {
  const { watcher, client } = await withWill();
  await client.end();
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.1.2-8] [MQTT-3.1.2-22] the Will goes out when the keep alive is over', async () => {
  const { watcher, client, laboratory } = await withWill({ keepAlive: 10 });
  await laboratory.advance(15_000);
  await client.expectDisconnect(0x8d);
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.1.2-8] the Will goes out after a Protocol Error and after a malformed packet', async () => {
  for (const bytes of ['82 02 00 01', 'c1 00']) {
    const { watcher, client } = await withWill();
    client.sendBytes(bytes);
    await client.take('disconnect');
    expect((await watcher.receiveMessage()).text).toBe('bye');
  }
});

test('[MQTT-3.1.2-8] the Will goes out when the host disconnects the client', async () => {
  const { watcher, broker } = await withWill();
  broker.client('mortal')?.disconnect({ reasonCode: 0x98 });
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.1.2-10] [MQTT-3.14.4-3] DISCONNECT 0x00 makes the server forget the Will, for good', async () => {
  const { watcher, client, laboratory } = await withWill({ properties: minute });
  await client.disconnect();
  await laboratory.advance(120_000);
  await watcher.expectNothing();
});

test('[MQTT-3.14.4-3] DISCONNECT 0x04, and any of 0x80 and above, sends the Will', async () => {
  for (const reasonCode of [0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]) {
    const { watcher, client } = await withWill();
    await client.disconnect({ reasonCode });
    expect((await watcher.receiveMessage()).text).toBe('bye');
  }
});

test('[MQTT-3.1.2-10] the Will is published once, however often the client comes back', async () => {
  const { watcher, client, connect } = await withWill({ properties: minute });
  await client.drop();
  expect((await watcher.receiveMessage()).text).toBe('bye');
  const again = await connect({ clientId: 'mortal', cleanStart: false, properties: minute });
  await again.drop();
  await watcher.expectNothing();
});

test('[MQTT-3.1.2-7] the Will of a later CONNECT takes the place of the earlier', async () => {
  const { watcher, client, connect } = await withWill({
    properties: minute,
    will: { ...will, properties: { willDelayInterval: 30 } },
  });
  await client.drop();
  const again = await connect({
    clientId: 'mortal',
    cleanStart: false,
    properties: minute,
    will: { topic: 'gone', payload: 'another' },
  });
  await again.drop();
  expect((await watcher.receiveMessage()).text).toBe('another');
  await watcher.expectNothing();
});

test('[MQTT-3.1.2-7] a refused CONNECT leaves no Will', async () => {
  const { watcher, broker, newcomer } = await withWill();
  broker.use({ name: 'guard', hooks: { authenticate: () => false } });
  const refused = newcomer();
  await refused.connectPacket({ clientId: 'refused', will: { topic: 'gone', payload: 'never' } });
  await refused.expectClosed();
  await watcher.expectNothing();
});

test('[MQTT-3.1.2-14] Will Retain 0 leaves the retained message as it is', async () => {
  const { watcher, client, connect } = await withWill();
  const publisher = await connect('publisher');
  await publisher.publish('gone', 'before', { retain: true });
  expect((await watcher.receiveMessage()).text).toBe('before');
  await client.drop();
  await watcher.receiveMessage();
  const late = await connect('late');
  await late.subscribe('gone');
  expect((await late.receiveMessage()).text).toBe('before');
});

test('[MQTT-3.1.2-15] Will Retain 1 makes the Will a retained message', async () => {
  const { client, connect } = await withWill({ will: { ...will, retain: true, qos: 1 } });
  await client.drop();
  const late = await connect('late');
  await late.subscribe('gone', { qos: 1 });
  expect(await late.receiveMessage()).toMatchObject({ text: 'bye', retain: true, qos: 1 });
});

test('[MQTT-3.1.2-15] a retained Will without payload clears the retained message, and is not retained itself', async () => {
  const { watcher, client, connect } = await withWill({ will: { topic: 'gone', retain: true } });
  const publisher = await connect('publisher');
  await publisher.publish('gone', 'before', { retain: true });
  await watcher.receiveMessage();
  await client.drop();
  expect((await watcher.receiveMessage()).text).toBe('');
  const late = await connect('late');
  await late.subscribe('gone');
  await late.expectNothing();
});

test('[MQTT-3.1.2-12] the Will goes out at its QoS', async () => {
  for (const qos of [0, 1, 2] as const) {
    const { watcher, client } = await withWill({ will: { ...will, qos } });
    await client.drop();
    expect(await watcher.receiveMessage()).toMatchObject({ text: 'bye', qos, dup: false });
  }
});

test('[MQTT-3.1.3-10] [§3.1.3.2] the Will carries its properties, user properties in order, and no Will Delay', async () => {
  const properties = {
    payloadFormatIndicator: 1,
    contentType: 'text/plain',
    responseTopic: 'answers',
    correlationData: Uint8Array.of(0, 0xff),
    userProperties: [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
      ['', ''],
    ],
  } as const;
  const { watcher, client, laboratory } = await withWill({
    will: { ...will, properties: { ...properties, willDelayInterval: 5 } },
    properties: minute,
  });
  await client.drop();
  await laboratory.advance(5_000);
  expect((await watcher.receiveMessage()).properties).toEqual(properties);
});

test('[§3.1.3.2.4] the Message Expiry of a Will begins when it is published, not at CONNECT', async () => {
  const properties = { messageExpiryInterval: 10, willDelayInterval: 20 };
  const { watcher, client, laboratory } = await withWill({
    will: { ...will, properties },
    properties: minute,
  });
  await laboratory.advance(3_600_000);
  await client.drop();
  await laboratory.advance(20_000);
  expect((await watcher.receiveMessage()).properties).toEqual({ messageExpiryInterval: 10 });
});

test('[§3.1.2.5] a Will goes out for every client when the server shuts down', async () => {
  const { broker, laboratory } = await withWill();
  const seen: string[] = [];
  broker.use({
    name: 'witness',
    hooks: {
      willSent: ({ clientId }) => {
        seen.push(clientId);
      },
    },
  });
  const closing = broker.close();
  await laboratory.advance(60_000);
  await closing;
  expect(seen).toEqual(['mortal']);
});

test('[MQTT-3.1.4-2] a Will Topic that is no topic name is refused with 0x90', async () => {
  for (const topic of ['a/#', '+', '']) {
    const client = world().newcomer();
    client.send({ type: 'connect', clientId: 'c', will: { topic } });
    await client.expect('connack', { reasonCode: 0x90 });
    await client.expectClosed();
  }
});
