import { expect, test } from 'vitest';
import { world311 } from './world311.ts';

test('[v3:MQTT-3.12.4-1] PINGREQ is answered by PINGRESP', async () => {
  const client = await world311().connect();
  client.send({ type: 'pingreq' });
  await client.expect('pingresp');
  await client.expectNothing();
});

test('[v3:MQTT-3.1.2-24] a client that is silent for one and a half times its Keep Alive is closed, and not before', async () => {
  const { connect, laboratory } = world311();
  const client = await connect({ keepAlive: 10 });
  await laboratory.advance(14_999);
  await client.expectNothing();
  await laboratory.advance(1);
  await client.expectClosed();
});

test('[v3:MQTT-3.1.2-24] the will goes out then, as after a network failure', async () => {
  const { connect, laboratory } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const client = await connect({ keepAlive: 10, will: { topic: 'gone' } });
  client.vanish();
  await laboratory.advance(15_000);
  expect((await watcher.receiveMessage()).topic).toBe('gone');
});

test('[v3:MQTT-3.1.2-24] any packet of the client begins the time anew', async () => {
  const { connect, laboratory } = world311();
  const client = await connect({ keepAlive: 10 });
  for (const send of [
    () => client.ping(),
    () => client.publish('a'),
    () => client.subscribe('b'),
    () => client.send({ type: 'puback', packetId: 9 }),
  ]) {
    await laboratory.advance(14_000);
    await send();
    await client.settle();
  }
  await laboratory.advance(14_999);
  await client.expectNothing();
  await laboratory.advance(1);
  await client.expectClosed();
});

test('[v3:MQTT-3.1.2-24] what the server sends, and half a packet, do not', async () => {
  const { connect, laboratory } = world311();
  const bob = await connect('bob');
  const client = await connect({ keepAlive: 10 });
  await client.subscribe('news');
  await laboratory.advance(10_000);
  await bob.publish('news', 'hello');
  client.sendBytes('30 10 00');
  await laboratory.advance(5_000);
  await client.expect('publish');
  await client.expectClosed();
});

test('[v3:MQTT-3.1.2-24] Keep Alive 0 turns it off', async () => {
  const { connect, laboratory } = world311();
  const client = await connect({ keepAlive: 0 });
  await laboratory.advance(30 * 86_400_000);
  await client.expectNothing();
});
