import { expect, test } from 'vitest';
import { world311 } from './world311.ts';

test('[v3:MQTT-3.1.4-2] a second client with the same ClientId disconnects the first, without a word', async () => {
  const { connect } = world311();
  const first = await connect('alice');
  const second = await connect('alice');
  await first.expectClosed();
  await second.ping();
});

test('[v3:MQTT-3.1.4-2] across versions, the old MQTT 3.1.1 connection is closed without DISCONNECT', async () => {
  const { connect } = world311();
  const first = await connect('alice');
  await connect('alice', { protocolVersion: 5 });
  await first.expectClosed();
});

test('[v3:MQTT-3.1.4-2] the will of the old connection goes out', async () => {
  const { connect } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  await connect({ clientId: 'alice', will: { topic: 'gone', payload: 'taken over' } });
  await connect('alice');
  expect((await watcher.receiveMessage()).text).toBe('taken over');
});

test('[v3:MQTT-3.1.4-2] a client that is refused does not disturb the one that is there', async () => {
  const { broker, connect, newcomer } = world311();
  const first = await connect('alice');
  broker.use({ name: 'door', hooks: { authenticate: () => false } });
  const second = newcomer();
  expect((await second.connectPacket({ clientId: 'alice' })).reasonCode).toBe(5);
  await first.ping();
  await first.expectNothing();
});

test('[v3:MQTT-3.1.4-3] with CleanSession 0 the newcomer has the session of the old connection', async () => {
  const { connect } = world311();
  const first = await connect({ clientId: 'alice', cleanStart: false });
  await first.subscribe('news', { qos: 1 });
  const second = await connect({ clientId: 'alice', cleanStart: false });
  expect(second.connack.sessionPresent).toBe(true);
  await (await connect('bob')).publish('news', 'hello', { qos: 1 });
  expect((await second.receiveMessage()).text).toBe('hello');
});

test('[v3:MQTT-3.1.4-3] with CleanSession 1 the newcomer begins anew', async () => {
  const { connect } = world311();
  const first = await connect({ clientId: 'alice', cleanStart: false });
  await first.subscribe('news', { qos: 1 });
  const second = await connect({ clientId: 'alice', cleanStart: true });
  expect(second.connack.sessionPresent).toBe(false);
  await (await connect('bob')).publish('news', 'hello', { qos: 1 });
  await second.expectNothing();
});

test('[v3:MQTT-3.1.4-3] [v3:MQTT-3.1.2-6] a session of CleanSession 1 ends with the takeover, whatever the newcomer asks', async () => {
  const { connect } = world311();
  const first = await connect({ clientId: 'alice', cleanStart: true });
  await first.subscribe('news', { qos: 1 });
  const second = await connect({ clientId: 'alice', cleanStart: false });
  expect(second.connack.sessionPresent).toBe(false);
  await (await connect('bob')).publish('news', 'hello', { qos: 1 });
  await second.expectNothing();
});

test('[v3:MQTT-3.1.4-2] the end of the old connection leaves the new one its will and its keep alive', async () => {
  const { connect, laboratory } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const first = await connect({ clientId: 'alice', keepAlive: 10, cleanStart: false });
  const second = await connect({
    clientId: 'alice',
    cleanStart: false,
    keepAlive: 20,
    will: { topic: 'gone', payload: 'of the second' },
  });
  await first.expectClosed();
  await laboratory.advance(29_000);
  await second.expectNothing();
  await watcher.expectNothing();
  await laboratory.advance(1_000);
  await second.expectClosed();
  expect((await watcher.receiveMessage()).text).toBe('of the second');
});
