import { describe, expect, test } from 'vitest';
import { world } from '../broker.ts';
import { type Bytes, connectBytes, field, packetOf, properties } from '../wire.ts';

/** What is no UTF-8, and so in no string. */
const illFormed: [string, Bytes][] = [
  ['a surrogate', [0x61, 0xed, 0xa0, 0x80]],
  ['a pair of surrogates', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['an overlong form', [0xc1, 0x81]],
  ['U+0000 in two bytes', [0xc0, 0x80]],
  ['a sequence cut off', [0x61, 0xe2, 0x82]],
  ['a stray continuation', [0x80]],
  ['more than U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a byte that never occurs', [0xff]],
];

const nullCharacter: Bytes = [0x61, 0x00, 0x62];

/** CONNECT with a Will whose parts are these. */
function withWill(willProperties: Bytes, topic: Bytes): Bytes {
  return connectBytes({ flags: 0x06, payload: [field('c'), willProperties, field(topic), field('bye')] });
}

const a: Bytes = [0x61];

type Maker = (text: Bytes) => Bytes;

/** The string fields of CONNECT. */
const inConnect: [string, Maker][] = [
  ['[MQTT-3.1.3-4] the ClientID', (text) => connectBytes({ payload: [field(text)] })],
  ['[MQTT-3.1.3-11] the Will Topic', (text) => withWill([0], text)],
  [
    '[MQTT-3.1.3-12] the User Name',
    (text) => connectBytes({ flags: 0x82, payload: [field('c'), field(text)] }),
  ],
  ['the Authentication Method', (text) => connectBytes({ properties: properties([0x15, ...field(text)]) })],
  [
    '[MQTT-1.5.7-1] a name in a User Property',
    (text) => connectBytes({ properties: properties([0x26, ...field(text), ...field('v')]) }),
  ],
  [
    '[MQTT-1.5.7-1] a value in a User Property',
    (text) => connectBytes({ properties: properties([0x26, ...field('n'), ...field(text)]) }),
  ],
  ['the Content Type of the Will', (text) => withWill(properties([0x03, ...field(text)]), a)],
  ['the Response Topic of the Will', (text) => withWill(properties([0x08, ...field(text)]), a)],
  [
    '[MQTT-1.5.7-1] a User Property of the Will',
    (text) => withWill(properties([0x26, ...field('n'), ...field(text)]), a),
  ],
];

function publish(topic: Bytes, ...parts: readonly Bytes[]): Bytes {
  return packetOf(0x30, field(topic), properties(...parts));
}

/** The string fields of what a connected client sends. */
const whenConnected: [string, Maker][] = [
  ['[MQTT-4.7.3-2] the Topic Name', (text) => publish(text)],
  ['[MQTT-3.3.2-13] the Response Topic', (text) => publish(a, [0x08, ...field(text)])],
  ['[MQTT-3.3.2-19] the Content Type', (text) => publish(a, [0x03, ...field(text)])],
  ['[MQTT-1.5.7-1] a name of PUBLISH', (text) => publish(a, [0x26, ...field(text), ...field('v')])],
  ['[MQTT-1.5.7-1] a value of PUBLISH', (text) => publish(a, [0x26, ...field('n'), ...field(text)])],
  [
    '[MQTT-3.8.3-1] [MQTT-4.7.3-2] a filter of SUBSCRIBE',
    (text) => packetOf(0x82, [0, 1, 0], field('ok'), [0], field(text), [0]),
  ],
  ['[MQTT-3.10.3-1] a filter of UNSUBSCRIBE', (text) => packetOf(0xa2, [0, 1, 0], field('ok'), field(text))],
  ['the Reason String of PUBACK', (text) => packetOf(0x40, [0, 1, 0], properties([0x1f, ...field(text)]))],
  ['the Reason String of DISCONNECT', (text) => packetOf(0xe0, [0], properties([0x1f, ...field(text)]))],
  ['the method of AUTH', (text) => packetOf(0xf0, [0x19], properties([0x15, ...field(text)]))],
];

async function expectRefused(bytes: Bytes): Promise<void> {
  const client = world().newcomer();
  client.sendBytes(bytes);
  await client.expect('connack', { reasonCode: 0x81 });
  await client.expectClosed();
}

async function expectDisconnected(bytes: Bytes): Promise<void> {
  const client = await world().connect();
  client.sendBytes(bytes);
  await client.expectDisconnect(0x81);
}

describe('CONNECT is refused with 0x81', () => {
  test('[MQTT-1.5.4-1] [MQTT-1.5.7-1] [MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12] for ill-formed UTF-8 in any of its strings', async () => {
    for (const [, make] of inConnect) for (const [, bytes] of illFormed) await expectRefused(make(bytes));
  });

  test('[MQTT-1.5.4-2] [MQTT-1.5.7-1] [MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12] for U+0000 in any of its strings', async () => {
    for (const [, make] of inConnect) await expectRefused(make(nullCharacter));
  });
});

describe('the client is disconnected with 0x81', () => {
  test('[MQTT-1.5.4-1] [MQTT-1.5.7-1] [MQTT-3.3.2-13] [MQTT-3.3.2-19] [MQTT-3.8.3-1] [MQTT-3.10.3-1] for ill-formed UTF-8 in any string', async () => {
    for (const [, make] of whenConnected) {
      for (const [, bytes] of illFormed) await expectDisconnected(make(bytes));
    }
  });

  test('[MQTT-1.5.4-2] [MQTT-1.5.7-1] [MQTT-4.7.3-2] for U+0000 in any string', async () => {
    for (const [, make] of whenConnected) await expectDisconnected(make(nullCharacter));
  });
});

test('[MQTT-1.5.4-3] U+FEFF is a character like others: it is kept, at the beginning too', async () => {
  const { connect } = world();
  const bare = await connect();
  await bare.subscribe(['a', 'a\uFEFF']);
  const marked = await connect();
  await marked.subscribe('\uFEFFa');
  const publisher = await connect();
  const content = { contentType: '\uFEFFtext', userProperties: [['\uFEFF', '\uFEFF']] } as const;
  await publisher.publish('\uFEFFa', 'x', { properties: content });
  expect(await marked.receiveMessage()).toMatchObject({ topic: '\uFEFFa', properties: content });
  await bare.expectNothing();
});

test('[MQTT-1.5.4-3] ClientIDs that differ by U+FEFF are different', async () => {
  const { connect, broker } = world();
  await connect('\uFEFFc');
  const bare = await connect('c');
  await bare.ping();
  expect([...broker.clients()].map(({ id }) => id)).toEqual(['\uFEFFc', 'c']);
});

test('[§1.5.4] control characters and non-characters, which a server may refuse, are passed on', async () => {
  const { connect } = world();
  const client = await connect();
  for (const topic of [
    'a\u0001b',
    'a\u001fb',
    'a\u007fb',
    'a\u009fb',
    'a\ufdd0b',
    'a\uffffb',
    'a\u{1ffff}b',
  ]) {
    await client.subscribe(topic);
    await client.publish(topic, 'x');
    expect((await client.receiveMessage()).topic).toBe(topic);
  }
});

test('[§1.5.4] characters of every length in bytes pass as they are', async () => {
  const { connect } = world();
  const client = await connect();
  const topic = 'z/ß/水/🎐';
  await client.subscribe(topic);
  await client.publish(topic, 'x', { properties: { userProperties: [['ß', '🎐']] } });
  expect(await client.receiveMessage()).toMatchObject({
    topic,
    properties: { userProperties: [['ß', '🎐']] },
  });
});

test('[§1.5.6] Password, Will Payload, Correlation Data and payload are binary: they may be no UTF-8', async () => {
  const binary = Uint8Array.of(0x00, 0xff, 0xed, 0xa0, 0x80, 0x00);
  const { connect, broker } = world();
  const passwords: (Uint8Array | undefined)[] = [];
  broker.use({
    name: 'listener',
    hooks: {
      authenticate: ({ password }) => {
        passwords.push(password && Uint8Array.from(password));
        return true;
      },
    },
  });
  const watcher = await connect();
  await watcher.subscribe('#');
  const will = { topic: 'gone', payload: binary, properties: { correlationData: binary } };
  const client = await connect({ password: binary, will });
  expect(passwords.at(-1)).toEqual(binary);
  await client.publish('a', binary, { properties: { correlationData: binary } });
  const message = { payload: binary, properties: { correlationData: binary } };
  expect(await watcher.receiveMessage()).toMatchObject({ topic: 'a', ...message });
  await client.drop();
  expect(await watcher.receiveMessage()).toMatchObject({ topic: 'gone', ...message });
});
