import { expect, test } from 'vitest';
import { world311 } from './world311.ts';

test('[v3:MQTT-3.14.4-1] a client that does not close after DISCONNECT is closed', async () => {
  const client = await world311().connect();
  client.send({ type: 'disconnect' });
  await client.expectClosed();
});

test('[v3:MQTT-3.14.4-2] what comes after DISCONNECT is ignored', async () => {
  const { connect } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('#');
  const client = await connect({ clientId: 'client', will: { topic: 'gone' } });
  client.send({ type: 'disconnect' });
  client.send({ type: 'publish', topic: 'news', qos: 1, packetId: 1 });
  client.send({ type: 'pingreq' });
  await client.expectClosed();
  await watcher.expectNothing();
});

test('[v3:MQTT-3.14.4-3] DISCONNECT makes the server forget the will, of a session that is kept too', async () => {
  const { connect, laboratory } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('#');
  for (const cleanStart of [true, false]) {
    const client = await connect({ clientId: 'client', cleanStart, will: { topic: 'gone' } });
    client.send({ type: 'disconnect' });
    await client.drop();
  }
  await laboratory.advance(86_400_000);
  await watcher.expectNothing();
});

test('[v3:MQTT-3.14.4-3] DISCONNECT ends the connection only: the session is kept with CleanSession 0', async () => {
  const { connect } = world311();
  const client = await connect({ clientId: 'client', cleanStart: false });
  await client.disconnect();
  expect((await connect({ clientId: 'client', cleanStart: false })).connack.sessionPresent).toBe(true);
});

test('[v3:MQTT-4.8.0-1] a server that shuts down closes without DISCONNECT, which MQTT 3.1.1 knows from clients only', async () => {
  const { broker, connect, laboratory } = world311();
  const client = await connect();
  const closed = broker.close();
  await laboratory.settle();
  await closed;
  await client.expectClosed();
});
