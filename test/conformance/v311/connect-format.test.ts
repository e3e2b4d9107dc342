import { describe, expect, test } from 'vitest';
import { field, packetOf, RawClient } from '../wire.ts';
import { connect311, expectTurnedAway, world311 } from './world311.ts';

const id = field('raw');
const will = [field('gone'), field('bye')];

describe('the protocol', () => {
  test('[v3:MQTT-3.1.2-1] an unknown protocol name is closed without an answer', async () => {
    for (const protocolName of ['MQTX', 'mqtt', 'HTTP', ''])
      await expectTurnedAway(connect311({ protocolName }));
  });

  test('[v3:MQTT-3.1.2-2] [v3:MQTT-3.2.2-4] [v3:MQTT-3.2.2-5] a level below 4 is answered by CONNACK 0x01 and a close', async () => {
    for (const level of [0, 1, 2, 3]) {
      const raw = new RawClient(world311());
      expect(await raw.say(connect311({ level }))).toBe('20 02 00 01');
      expect(raw.closed).toBe(true);
    }
  });
});

describe('the Connect Flags', () => {
  test('[v3:MQTT-3.1.2-3] [v3:MQTT-3.1.4-1] the reserved bit closes without a CONNACK', () =>
    expectTurnedAway(connect311({ flags: 0x03 })));

  test('[v3:MQTT-3.1.2-11] [v3:MQTT-3.1.2-13] [v3:MQTT-3.1.4-1] Will QoS without Will Flag closes without a CONNACK', async () => {
    for (const qos of [1, 2, 3]) await expectTurnedAway(connect311({ flags: 0x02 | (qos << 3) }));
  });

  test('[v3:MQTT-3.1.2-11] [v3:MQTT-3.1.2-15] Will Retain without Will Flag closes without a CONNACK', () =>
    expectTurnedAway(connect311({ flags: 0x22 })));

  test('[v3:MQTT-3.1.2-11] a will that no flag announces closes without a CONNACK', () =>
    expectTurnedAway(connect311({ payload: [id, ...will] })));

  test('[v3:MQTT-3.1.2-9] a Will Flag without Will Topic or Will Message closes without a CONNACK', async () => {
    for (const parts of [[], [field('gone')]]) {
      await expectTurnedAway(connect311({ flags: 0x06, payload: [id, ...parts] }));
    }
  });

  test('[v3:MQTT-3.1.2-14] Will QoS 3 closes without a CONNACK, and 0, 1 and 2 are accepted', async () => {
    await expectTurnedAway(connect311({ flags: 0x06 | 0x18, payload: [id, ...will] }));
    for (const qos of [0, 1, 2]) {
      const client = world311().newcomer();
      client.sendBytes(connect311({ flags: 0x06 | (qos << 3), payload: [id, ...will] }));
      await client.expect('connack', { reasonCode: 0 });
    }
  });

  test('[v3:MQTT-3.1.2-18] a user name that no flag announces closes without a CONNACK', () =>
    expectTurnedAway(connect311({ payload: [id, field('name')] })));

  test('[v3:MQTT-3.1.2-19] a User Name Flag without a user name closes without a CONNACK', () =>
    expectTurnedAway(connect311({ flags: 0x82 })));

  test('[v3:MQTT-3.1.2-20] a password that no flag announces closes without a CONNACK', () =>
    expectTurnedAway(connect311({ flags: 0x82, payload: [id, field('name'), field('secret')] })));

  test('[v3:MQTT-3.1.2-21] a Password Flag without a password closes without a CONNACK', () =>
    expectTurnedAway(connect311({ flags: 0xc2, payload: [id, field('name')] })));

  test('[v3:MQTT-3.1.2-22] a password without a user name closes without a CONNACK', () =>
    expectTurnedAway(connect311({ flags: 0x42, payload: [id, field('secret')] })));
});

describe('the payload', () => {
  test('[v3:MQTT-3.1.3-1] [v3:MQTT-3.1.2-19] [v3:MQTT-3.1.2-21] ClientId, Will Topic, Will Message, user name and password are read in this order', async () => {
    const { connect, broker, newcomer } = world311();
    const watcher = await connect('watcher');
    await watcher.subscribe('#');
    const seen: unknown[] = [];
    broker.use({
      name: 'listener',
      hooks: {
        authenticate: ({ clientId, username, password }) => {
          seen.push([clientId, username, new TextDecoder().decode(password)]);
          return true;
        },
      },
    });
    const client = newcomer();
    const fields = ['id', 'topic', 'message', 'user', 'secret'].map(field);
    client.sendBytes(connect311({ flags: 0xc6, payload: fields }));
    await client.expect('connack', { reasonCode: 0 });
    expect(seen).toEqual([['id', 'user', 'secret']]);
    await client.drop();
    expect(await watcher.receiveMessage()).toMatchObject({ topic: 'topic', text: 'message' });
  });

  test('[v3:MQTT-3.1.3-3] [v3:MQTT-3.1.4-1] a payload without a ClientId closes without a CONNACK', () =>
    expectTurnedAway(connect311({ payload: [] })));

  test('[v3:MQTT-3.1.4-1] a field that is longer than the packet closes without a CONNACK', () =>
    expectTurnedAway(connect311({ payload: [[0, 9, 0x61]] })));

  test('[v3:MQTT-3.1.4-1] bytes after the last field close without a CONNACK', () =>
    expectTurnedAway(connect311({ payload: [id, [0]] })));

  test('[v3:MQTT-3.1.4-1] wildcards in the Will Topic close without a CONNACK', async () => {
    for (const topic of ['a/+', '#', '']) {
      await expectTurnedAway(connect311({ flags: 0x06, payload: [id, field(topic), field('')] }));
    }
  });
});

describe('first and only once', () => {
  const openers: [string, readonly number[]][] = [
    ['PUBLISH', packetOf(0x30, field('a'))],
    ['PUBACK', packetOf(0x40, [0, 1])],
    ['PUBREL', packetOf(0x62, [0, 1])],
    ['SUBSCRIBE', packetOf(0x82, [0, 1], field('a'), [0])],
    ['UNSUBSCRIBE', packetOf(0xa2, [0, 1], field('a'))],
    ['PINGREQ', packetOf(0xc0)],
    ['DISCONNECT', packetOf(0xe0)],
  ];
  test.each(openers)('[v3:MQTT-3.1.0-1] %s before CONNECT closes', (_, bytes) => expectTurnedAway(bytes));

  test('[v3:MQTT-3.1.0-2] a second CONNECT closes, and the will goes out', async () => {
    const { connect } = world311();
    const watcher = await connect('watcher');
    await watcher.subscribe('gone');
    const client = await connect({ clientId: 'client', will: { topic: 'gone', payload: 'twice' } });
    client.send({ type: 'connect', clientId: 'client' });
    await client.expectClosed();
    expect((await watcher.receiveMessage()).text).toBe('twice');
  });
});
