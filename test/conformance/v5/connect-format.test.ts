import { describe, expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';
import { type Bytes, connectBytes, field, properties, RawClient } from '../wire.ts';

/** The CONNECT is answered by CONNACK with this reason code, and the connection is closed. */
async function expectRefused(bytes: Bytes, reasonCode: number, place: BrokerWorld = world()): Promise<void> {
  const client = place.newcomer();
  client.sendBytes(bytes);
  await client.expect('connack', { reasonCode, sessionPresent: false });
  await client.expectClosed();
}

const empty = [0];
const will = [empty, field('gone'), field('bye')];

describe('the protocol', () => {
  test('[MQTT-3.1.2-1] an unknown protocol name is closed without an answer: nobody knows what it would understand', async () => {
    for (const protocolName of ['MQTX', 'mqtt', 'HTTP', '']) {
      const raw = new RawClient(world());
      expect(await raw.say(connectBytes({ protocolName }))).toBe('');
      expect(raw.closed).toBe(true);
    }
  });

  test('[MQTT-3.1.2-2] [MQTT-3.2.2-8] a level above 5 is answered by CONNACK 0x84 in the form of MQTT 5.0', async () => {
    for (const level of [6, 127]) await expectRefused(connectBytes({ level }), 0x84);
  });

  test('[MQTT-3.1.2-2] a level below 3 is answered by CONNACK 0x01 in the form of MQTT 3.1.1', async () => {
    const raw = new RawClient(world());
    expect(await raw.say(connectBytes({ level: 2 }))).toBe('20 02 00 01');
    expect(raw.closed).toBe(true);
  });
});

describe('the Connect Flags', () => {
  test('[MQTT-3.1.2-3] the reserved bit is malformed', async () => {
    await expectRefused(connectBytes({ flags: 0x03 }), 0x81);
  });

  test('[MQTT-3.1.2-11] Will QoS without Will Flag is malformed', async () => {
    await expectRefused(connectBytes({ flags: 0x02 | 0x08 }), 0x81);
    await expectRefused(connectBytes({ flags: 0x02 | 0x10 }), 0x81);
  });

  test('[MQTT-3.1.2-12] Will QoS 3 is malformed, and 0, 1 and 2 are not', async () => {
    const payload = [field('raw'), ...will];
    await expectRefused(connectBytes({ flags: 0x06 | 0x18, payload }), 0x81);
    for (const qos of [0, 1, 2]) {
      const client = world().newcomer();
      client.sendBytes(connectBytes({ flags: 0x06 | (qos << 3), payload }));
      await client.expect('connack', { reasonCode: 0 });
    }
  });

  test('[MQTT-3.1.2-13] Will Retain without Will Flag is malformed', async () => {
    await expectRefused(connectBytes({ flags: 0x02 | 0x20 }), 0x81);
  });

  test('[MQTT-3.1.2-9] a Will Flag whose payload ends before the Will does is malformed', async () => {
    for (const parts of [[], [empty], [empty, field('gone')]]) {
      await expectRefused(connectBytes({ flags: 0x06, payload: [field('raw'), ...parts] }), 0x81);
    }
  });

  test('[MQTT-3.1.2-16] a user name that no flag announces is malformed', async () => {
    await expectRefused(connectBytes({ payload: [field('raw'), field('name')] }), 0x81);
  });

  test('[MQTT-3.1.2-17] a User Name Flag without a user name is malformed', async () => {
    await expectRefused(connectBytes({ flags: 0x82 }), 0x81);
  });

  test('[MQTT-3.1.2-18] a password that no flag announces is malformed', async () => {
    const payload = [field('raw'), field('name'), field('secret')];
    await expectRefused(connectBytes({ flags: 0x82, payload }), 0x81);
  });

  test('[MQTT-3.1.2-19] a Password Flag without a password is malformed', async () => {
    await expectRefused(connectBytes({ flags: 0xc2, payload: [field('raw'), field('name')] }), 0x81);
  });

  test('[MQTT-3.1.2-19] [§3.1.2.9] a password needs no user name', async () => {
    const { connect, broker } = world();
    const passwords: unknown[] = [];
    broker.use({
      name: 'listener',
      hooks: {
        authenticate: ({ username, password }) => {
          passwords.push([username, new TextDecoder().decode(password)]);
          return true;
        },
      },
    });
    await connect({ password: 'secret' });
    expect(passwords).toEqual([[undefined, 'secret']]);
  });
});

describe('the payload', () => {
  test('[MQTT-3.1.3-1] ClientID, Will Properties, Will Topic, Will Payload, User Name and Password are read in this order', async () => {
    const { connect, broker, newcomer } = world();
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
    const watcher = await connect('watcher');
    await watcher.subscribe('#');
    seen.length = 0;
    const contentType = properties([0x03], field('text/plain'));
    const willFields = [contentType, field('topic'), field('payload')];
    const payload = [field('id'), ...willFields, field('user'), field('password')];
    const client = newcomer();
    client.sendBytes(connectBytes({ flags: 0xc6, payload }));
    await client.expect('connack', { reasonCode: 0 });
    expect(seen).toEqual([['id', 'user', 'password']]);
    await client.drop();
    const message = await watcher.receiveMessage();
    expect(message).toMatchObject({ topic: 'topic', text: 'payload' });
    expect(message.properties).toEqual({ contentType: 'text/plain' });
  });

  test('[MQTT-3.1.3-3] a payload without a ClientID is malformed', async () => {
    await expectRefused(connectBytes({ payload: [] }), 0x81);
  });

  test('[§2.1.4] bytes after the last field are malformed', async () => {
    await expectRefused(connectBytes({ payload: [field('raw'), [0]] }), 0x81);
  });
});

describe('the properties', () => {
  const malformed: [string, Bytes][] = [
    ['an unknown property', properties([0x7f, 0x00])],
    ['a property of PUBLISH', properties([0x23, 0x00, 0x01])],
    ['a Property Length beyond the end', [0x20]],
  ];
  test.each(malformed)('[§2.2.2.2] [MQTT-4.13.1-1] %s is malformed', async (_, bytes) => {
    await expectRefused(connectBytes({ properties: bytes }), 0x81);
  });

  const repeated: [string, Bytes][] = [
    ['Session Expiry Interval', [0x11, 0, 0, 0, 1]],
    ['Receive Maximum', [0x21, 0, 1]],
    ['Maximum Packet Size', [0x27, 0, 0, 4, 0]],
    ['Topic Alias Maximum', [0x22, 0, 1]],
    ['Request Response Information', [0x19, 1]],
    ['Request Problem Information', [0x17, 1]],
    ['Authentication Method', [0x15, ...field('m')]],
  ];
  test.each(repeated)('[§3.1.2.11] %s twice is a Protocol Error', async (_, property) => {
    await expectRefused(connectBytes({ properties: properties(property, property) }), 0x82);
  });

  const outOfRange: [string, Bytes][] = [
    ['Receive Maximum 0', [0x21, 0, 0]],
    ['Maximum Packet Size 0', [0x27, 0, 0, 0, 0]],
    ['Request Response Information 2', [0x19, 2]],
    ['Request Problem Information 2', [0x17, 2]],
    ['Authentication Data without a method', [0x16, ...field('x')]],
  ];
  test.each(outOfRange)('[§3.1.2.11] %s is a Protocol Error', async (_, property) => {
    await expectRefused(connectBytes({ properties: properties(property) }), 0x82);
  });

  const inTheWill: [string, Bytes, number][] = [
    ['Will Delay Interval twice', properties([0x18, 0, 0, 0, 1], [0x18, 0, 0, 0, 1]), 0x82],
    ['Payload Format Indicator 2', properties([0x01, 2]), 0x82],
    ['Content Type twice', properties([0x03, ...field('a')], [0x03, ...field('a')]), 0x82],
    ['a Topic Alias', properties([0x23, 0, 1]), 0x81],
    ['a Session Expiry Interval', properties([0x11, 0, 0, 0, 1]), 0x81],
  ];
  test.each(inTheWill)('[§3.1.3.2] %s in the Will is refused', async (_, willProperties, reasonCode) => {
    const payload = [field('raw'), willProperties, field('gone'), field('bye')];
    await expectRefused(connectBytes({ flags: 0x06, payload }), reasonCode);
  });
});
