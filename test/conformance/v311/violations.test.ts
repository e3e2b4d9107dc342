import type { PluginHooks } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { textsIn } from '../messages.ts';
import { field, packetOf, RawClient } from '../wire.ts';
import { connect311, world311 } from './world311.ts';

const violations: [string, readonly number[]][] = [
  ['a packet of the server: CONNACK', packetOf(0x20, [0, 0])],
  ['a packet of the server: SUBACK', packetOf(0x90, [0, 1, 0])],
  ['a packet of the server: UNSUBACK', packetOf(0xb0, [0, 1])],
  ['a packet of the server: PINGRESP', packetOf(0xd0)],
  ['a packet of MQTT 5.0: AUTH', packetOf(0xf0)],
  ['a DISCONNECT as MQTT 5.0 has it', packetOf(0xe0, [4])],
  ['a PUBACK as MQTT 5.0 has it', packetOf(0x40, [0, 1, 0])],
  ['an acknowledgement of identifier 0', packetOf(0x40, [0, 0])],
  ['a PUBLISH to no topic', packetOf(0x30, field(''))],
];
test.each(violations)('[v3:MQTT-4.8.0-1] upon %s, the server closes and sends nothing', async (_, bytes) => {
  const place = world311();
  const raw = new RawClient(place);
  await raw.say(connect311());
  expect(await raw.say(bytes)).toBe('');
  expect(raw.closed).toBe(true);
});

test('[v3:MQTT-4.8.0-1] the fault of one client ends its own connection only', async () => {
  const { connect } = world311();
  const [good, bad] = [await connect('good'), await connect('bad')];
  bad.sendBytes('f0 00');
  await bad.expectClosed();
  await good.ping();
});

test('[v3:MQTT-4.8.0-1] what the client said before its fault holds', async () => {
  const { connect } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('news');
  const client = await connect('client');
  client.sendBytes([...packetOf(0x30, field('news')), ...packetOf(0xf0), ...packetOf(0x30, field('news'))]);
  await client.expectClosed();
  expect(await watcher.receiveAll()).toHaveLength(1);
});

describe('a failure of the server over a packet', () => {
  const broken = () => {
    throw new Error('out of order');
  };
  const failures: [string, PluginHooks][] = [
    ['who may publish cannot be found out', { authorizePublish: broken }],
    ['a rewrite fails', { rewritePublish: broken }],
    ['the transaction of the host fails', { commitPublish: broken }],
    ['the host refuses its transaction', { commitPublish: () => ({ allow: false, reasonCode: 0x83 }) }],
  ];
  for (const [what, hooks] of failures) {
    test(`[v3:MQTT-4.8.0-2] closes that connection without an acknowledgement, and no other: ${what}`, async () => {
      const { connect, broker } = world311();
      broker.use({ name: 'broken', hooks });
      const other = await connect('other');
      await other.subscribe('news');
      for (const qos of [1, 2] as const) {
        const client = await connect('client');
        client.publishOnly('news', 'not done', { qos });
        await client.expectClosed();
      }
      await other.expectNothing();
      await other.ping();
    });
  }

  test('[v3:MQTT-4.8.0-2] leaves the message to be sent again: it is no repeat then', async () => {
    const { connect, broker } = world311();
    let isBroken = true;
    broker.use({ name: 'broken', hooks: { commitPublish: () => (isBroken ? broken() : undefined) } });
    const watcher = await connect('watcher');
    await watcher.subscribe('news');
    const client = await connect({ clientId: 'client', cleanStart: false });
    client.publishOnly('news', 'at last', { qos: 2, packetId: 7 });
    await client.expectClosed();
    isBroken = false;
    const again = await connect({ clientId: 'client', cleanStart: false });
    again.publishOnly('news', 'at last', { qos: 2, packetId: 7, dup: true });
    await again.expect('pubrec', { packetId: 7 });
    expect(textsIn(await watcher.receiveAll())).toEqual(['at last']);
  });
});

test('[v3:MQTT-4.8.0-1] a client that sends more than it was granted in size is closed before it has sent it all', async () => {
  const { connect } = world311({ limits: { maximumPacketSize: 1000 } });
  const client = await connect();
  client.sendBytes('30 ff 07');
  await client.expectClosed();
});
