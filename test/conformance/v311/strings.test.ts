import { describe, expect, test } from 'vitest';
import { type Bytes, field, packetOf } from '../wire.ts';
import { connect311, expectClosedUpon, expectTurnedAway, world311 } from './world311.ts';

const illFormed: [string, Bytes][] = [
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a pair of surrogates', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['an overlong form', [0xc1, 0x81]],
  ['a sequence that ends early', [0x61, 0xe2, 0x82]],
  ['a byte that never occurs', [0xff]],
  ['a character above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
];
const nullCharacter = [0x61, 0x00];

/** Each string field that a client can send, with these bytes in it. */
const inConnect: [string, (text: Bytes) => Bytes][] = [
  ['the ClientId', (text) => connect311({ payload: [field(text)] })],
  ['the Will Topic', (text) => connect311({ flags: 0x06, payload: [field('a'), field(text), field('')] })],
  ['the user name', (text) => connect311({ flags: 0x82, payload: [field('a'), field(text)] })],
];
const afterConnect: [string, (text: Bytes) => Bytes][] = [
  ['the topic of a PUBLISH', (text) => packetOf(0x30, field(text))],
  ['a filter of a SUBSCRIBE', (text) => packetOf(0x82, [0, 1], field(text), [0])],
  ['a filter of an UNSUBSCRIBE', (text) => packetOf(0xa2, [0, 1], field(text))],
];

describe.each(illFormed)('%s', (_, text) => {
  test.each(inConnect)(
    '[v3:MQTT-1.5.3-1] [v3:MQTT-3.1.3-4] [v3:MQTT-3.1.3-10] [v3:MQTT-3.1.3-11] in %s closes without a CONNACK',
    (_, withText) => expectTurnedAway(withText(text)),
  );

  test.each(afterConnect)(
    '[v3:MQTT-1.5.3-1] [v3:MQTT-3.3.2-1] [v3:MQTT-3.8.3-1] [v3:MQTT-3.10.3-1] in %s closes',
    (_, withText) => expectClosedUpon(withText(text)),
  );
});

describe('U+0000', () => {
  test.each(inConnect)('[v3:MQTT-1.5.3-2] in %s closes without a CONNACK', (_, withText) =>
    expectTurnedAway(withText(nullCharacter)),
  );

  test.each(afterConnect)('[v3:MQTT-1.5.3-2] [v3:MQTT-4.7.3-2] in %s closes', (_, withText) =>
    expectClosedUpon(withText(nullCharacter)),
  );
});

test('[v3:MQTT-1.5.3-3] U+FEFF is a character like others: nobody takes it off the front of a topic', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe(['\ufeffa', 'a']);
  await bob.publish('\ufeffa', 'marked');
  expect((await alice.receiveMessage()).topic).toBe('\ufeffa');
  await alice.expectNothing();
});

test('[v3:MQTT-1.5.3-3] two ClientIds that differ by U+FEFF are two clients', async () => {
  const { connect } = world311();
  const plain = await connect('meter');
  await connect('\ufeffmeter');
  await plain.expectNothing();
});

test('[v3:MQTT-1.5.3-1] characters of one to four bytes pass unchanged', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe('#');
  for (const topic of ['a', 'é', '€', '😀', '\u0001\ufffe']) {
    await bob.publish(topic);
    expect((await alice.receiveMessage()).topic).toBe(topic);
  }
});
