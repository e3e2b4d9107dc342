import { memoryStore } from '@carillon/persistence';
import type { ConnectDraft, PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';

/** A world with somebody who watches for the will, and a client whose will is delayed. */
async function withDelay(
  willDelayInterval: number,
  sessionExpiryInterval: number,
  draft: ConnectDraft = {},
): Promise<BrokerWorld & Record<'watcher' | 'client', PacketClient>> {
  const place = world();
  const watcher = await place.connect('watcher');
  await watcher.subscribe('gone');
  const will = { topic: 'gone', payload: 'bye', properties: { willDelayInterval } };
  const client = await place.connect({
    clientId: 'mortal',
    will,
    properties: { sessionExpiryInterval },
    ...draft,
  });
  return { ...place, watcher, client };
}

const resume = { clientId: 'mortal', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test('[MQTT-3.1.2-8] the Will goes out when its delay is over, not before', async () => {
  const { client, watcher, laboratory } = await withDelay(30, 60);
  await client.drop();
  await laboratory.advance(29_999);
  await watcher.expectNothing();
  await laboratory.advance(2);
  expect((await watcher.receiveMessage()).text).toBe('bye');
  await laboratory.advance(60_000);
  await watcher.expectNothing();
});

test('[MQTT-3.1.2-8] a session that ends before the delay is over sends the Will: delay 60 and expiry 10 is after 10 s', async () => {
  const { client, watcher, laboratory } = await withDelay(60, 10);
  await client.drop();
  await laboratory.advance(9_999);
  await watcher.expectNothing();
  await laboratory.advance(2);
  expect((await watcher.receiveMessage()).text).toBe('bye');
  await laboratory.advance(60_000);
  await watcher.expectNothing();
});

test('[MQTT-3.1.2-8] with expiry 0 the Will goes out at once, whatever its delay', async () => {
  const { client, watcher } = await withDelay(60, 0);
  await client.drop();
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.1.2-8] a DISCONNECT 0x04 that ends the session sends the Will at once', async () => {
  const { client, watcher } = await withDelay(60, 60);
  await client.disconnect({ reasonCode: 0x04, properties: { sessionExpiryInterval: 0 } });
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.1.2-8] DISCONNECT 0x04 waits for the delay as well', async () => {
  const { client, watcher, laboratory } = await withDelay(30, 60);
  await client.disconnect({ reasonCode: 0x04 });
  await laboratory.advance(29_999);
  await watcher.expectNothing();
  await laboratory.advance(2);
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.1.3-9] a client that comes back within the delay cancels the Will', async () => {
  const { client, watcher, laboratory, connect } = await withDelay(30, 60);
  await client.drop();
  await laboratory.advance(29_999);
  await connect(resume);
  await laboratory.advance(120_000);
  await watcher.expectNothing();
});

test('[§3.1.3.2.2] Clean Start 1 within the delay ends the old session, and so sends its Will', async () => {
  const { client, watcher, laboratory, connect } = await withDelay(30, 60);
  await client.drop();
  await laboratory.advance(10_000);
  await connect({ ...resume, cleanStart: true });
  expect((await watcher.receiveMessage()).text).toBe('bye');
  await laboratory.advance(120_000);
  await watcher.expectNothing();
});

test('[MQTT-3.1.2-8] [§3.1.2.11.2] a session that never expires keeps its Will for the delay', async () => {
  const { client, watcher, laboratory } = await withDelay(0xffff, 0xffff_ffff);
  await client.drop();
  await laboratory.advance(0xffff * 1000 - 1);
  await watcher.expectNothing();
  await laboratory.advance(2);
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.1.2-8] a session that the host ends within the delay sends its Will', async () => {
  const { client, watcher, broker } = await withDelay(30, 60);
  await client.drop();
  broker.endSession('mortal');
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[MQTT-3.1.3-9] a CONNECT that is refused within the delay cancels nothing', async () => {
  const { client, watcher, laboratory, broker, newcomer } = await withDelay(30, 60);
  await client.drop();
  broker.use({ name: 'guard', hooks: { authenticate: () => false } });
  await newcomer().connectPacket(resume);
  await laboratory.advance(30_001);
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('[§3.1.2.5] a restart does not lose a Will: one that waited goes out at its time, one in use by its delay', async () => {
  const persistence = memoryStore();
  const before = world({ persistence });
  const properties = { sessionExpiryInterval: 600 };
  const willOf = (payload: string) => ({ topic: 'gone', payload, properties: { willDelayInterval: 30 } });
  const waiting = await before.connect({ clientId: 'waiting', will: willOf('waited'), properties });
  await before.connect({ clientId: 'in use', will: willOf('in use'), properties });
  await waiting.drop();
  await before.laboratory.advance(20_000);
  const after = world({ persistence }, { laboratory: before.laboratory });
  const watcher = await after.connect('watcher');
  await watcher.subscribe('gone');
  await after.laboratory.advance(10_001);
  expect((await watcher.receiveMessage()).text).toBe('waited');
  await watcher.expectNothing();
  await after.laboratory.advance(20_000);
  expect((await watcher.receiveMessage()).text).toBe('in use');
});
