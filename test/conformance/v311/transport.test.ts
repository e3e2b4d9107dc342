import { expect, test } from 'vitest';
import { textsIn } from '../messages.ts';
import { field, packetOf } from '../wire.ts';
import { connect311, world311 } from './world311.ts';

test('[v3:MQTT-7.1.1-1] packets arrive whole and in order, however the stream cuts and joins them', async () => {
  for (const cut of [1, 2, 3, 'random'] as const) {
    const { connect, newcomer } = world311();
    const watcher = await connect('watcher');
    await watcher.subscribe('news');
    const client = newcomer({ channel: { cut } });
    client.sendBytes([
      ...connect311(),
      ...packetOf(0x30, field('news'), [0x31]),
      ...packetOf(0x30, field('news'), [0x32]),
      ...packetOf(0xc0),
    ]);
    await client.expect('connack', { reasonCode: 0 });
    await client.expect('pingresp');
    expect(textsIn(await watcher.receiveAll())).toEqual(['1', '2']);
  }
});

test('[v3:MQTT-7.0.0-2] a client that knows nothing but the standard has all of MQTT', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  for (const qos of [0, 1, 2] as const) {
    expect((await alice.subscribe('greetings/+', { qos })).reasonCodes).toEqual([qos]);
    await bob.publish('greetings/hello', `qos ${qos}`, { qos });
    expect(await alice.receiveMessage()).toMatchObject({ text: `qos ${qos}`, qos, properties: {} });
  }
  await alice.unsubscribe('greetings/+');
  await alice.ping();
  await alice.disconnect();
});

test('[v3:MQTT-7.0.0-2] clients of all versions talk to each other', async () => {
  const { connect } = world311();
  for (const protocolVersion of [3, 4, 5] as const) {
    const [reader, writer] = [
      await connect(`reader ${protocolVersion}`, { protocolVersion }),
      await connect('writer', { protocolVersion: protocolVersion === 5 ? 4 : 5 }),
    ];
    await reader.subscribe('news', { qos: 2 });
    const properties =
      protocolVersion === 5 ? {} : { contentType: 'text/plain', userProperties: [['a', 'b']] as const };
    await writer.publish('news', 'hello', { qos: 2, properties });
    expect(await reader.receiveMessage()).toMatchObject({ text: 'hello', qos: 2, properties: {} });
    await reader.disconnect();
  }
});
