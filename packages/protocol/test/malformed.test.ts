import type { ProtocolVersion } from '@carillon/protocol';
import { describe, expect, it } from 'vitest';
import { faults } from '../src/faults.ts';
import { bytes, readAll, refusalOf } from './reading.ts';

type Case = readonly [
  says: string,
  version: ProtocolVersion | undefined,
  source: Uint8Array,
  reasonCode: number,
  rule: string,
];

/** A CONNECT with these flags and this behind the keep alive; the length is reckoned. */
function connect(level: 3 | 4 | 5, flags: number, ...rest: (number | string | Uint8Array)[]): Uint8Array {
  const name = level === 3 ? bytes(0, 6, 'MQIsdp') : bytes(0, 4, 'MQTT');
  const body = bytes(name, level, flags, 0, 10, ...rest);
  return bytes(0x10, body.length, body);
}

const named = (name: string, level: number) => {
  const body = bytes(0, name.length, name, level, 2, 0, 0, 0, 0);
  return bytes(0x10, body.length, body);
};

const id = bytes(0, 1, 'c');

const framing: Case[] = [
  ['a first packet that is not CONNECT', undefined, bytes(0xc0, 0), 0x82, 'MQTT-3.1.0-1'],
  ['an HTTP request', undefined, bytes('GET / HTTP/1.1'), 0x82, 'MQTT-3.1.0-1'],
  ['a TLS greeting', undefined, bytes(0x16, 3, 1), 0x81, 'MQTT-2.1.3-1'],
  ['packet type 0', 5, bytes(0x00, 0), 0x81, '§2.1.2'],
  ['packet type 0 before 5.0', 4, bytes(0x00, 0), 0x81, '§2.2.1'],
  ['AUTH before 5.0', 4, bytes(0xf0, 0), 0x81, '§2.2.1'],
  ['a Remaining Length of five bytes', 4, bytes(0x30, 0xff, 0xff, 0xff, 0xff, 0x01), 0x81, '§2.2.3'],
  ['a Remaining Length of five bytes in 5.0', 5, bytes(0x30, 0x80, 0x80, 0x80, 0x80), 0x81, '§2.1.4'],
  ['an over-long Remaining Length', 5, bytes(0xc0, 0x80, 0x00), 0x81, 'MQTT-1.5.5-1'],
  ['a packet over the maximum', 5, bytes(0x30, 0xff, 0xff, 0xff, 0x7f), 0x95, 'MQTT-3.2.2-15'],
];

const flagsOf: Case[] = (
  [
    [0x20, 'connack'],
    [0x40, 'puback'],
    [0x50, 'pubrec'],
    [0x62, 'pubrel'],
    [0x70, 'pubcomp'],
    [0x82, 'subscribe'],
    [0x90, 'suback'],
    [0xa2, 'unsubscribe'],
    [0xb0, 'unsuback'],
    [0xc0, 'pingreq'],
    [0xd0, 'pingresp'],
    [0xe0, 'disconnect'],
    [0xf0, 'auth'],
  ] as const
).flatMap(([firstByte, type]) =>
  Array.from({ length: 16 }, (_, flags): Case => {
    const byte = (firstByte & 0xf0) | flags;
    return [`flags ${flags} of ${type}`, 5, bytes(byte, 0), 0x81, 'MQTT-2.1.3-1'];
  }).filter(([, , source]) => source[0] !== firstByte),
);

const connecting: Case[] = [
  ['another protocol name', undefined, named('MQtt', 4), 0x84, 'MQTT-3.1.2-1'],
  ['protocol level 6', undefined, named('MQTT', 6), 0x84, 'MQTT-3.1.2-2'],
  ['protocol level 3 under the name MQTT', undefined, named('MQTT', 3), 0x84, 'MQTT-3.1.2-2'],
  ['protocol level 4 under the name MQIsdp', undefined, named('MQIsdp', 4), 0x84, 'MQTT-3.1.2-2'],
  ['the bridge bit on level 5', undefined, named('MQTT', 0x85), 0x84, 'MQTT-3.1.2-2'],
  ['the reserved flag of CONNECT', undefined, connect(4, 0x03, id), 0x81, 'MQTT-3.1.2-3'],
  ['the reserved flag of CONNECT in 5.0', undefined, connect(5, 0x03, 0, id), 0x81, 'MQTT-3.1.2-3'],
  ['Will QoS without a will', undefined, connect(5, 0x0a, 0, id), 0x81, 'MQTT-3.1.2-11'],
  ['Will QoS without a will before 5.0', undefined, connect(4, 0x0a, id), 0x81, 'MQTT-3.1.2-13'],
  ['Will Retain without a will', undefined, connect(5, 0x22, 0, id), 0x81, 'MQTT-3.1.2-13'],
  ['Will Retain without a will before 5.0', undefined, connect(4, 0x22, id), 0x81, 'MQTT-3.1.2-15'],
  ['Will QoS 3', undefined, connect(5, 0x1e, 0, id), 0x81, 'MQTT-3.1.2-12'],
  ['Will QoS 3 before 5.0', undefined, connect(4, 0x1e, id), 0x81, 'MQTT-3.1.2-14'],
  ['Will QoS 3 in 3.1', undefined, connect(3, 0x1e, id), 0x81, 'MQTT-3.1.2-14'],
  ['a password without user name', undefined, connect(4, 0x42, id, 0, 0), 0x81, 'MQTT-3.1.2-22'],
  ['a password without user name in 3.1', undefined, connect(3, 0x42, id, 0, 0), 0x81, 'MQTT-3.1.2-22'],
  ['CONNECT without a payload', undefined, connect(5, 0x02, 0), 0x81, 'MQTT-3.1.3-3'],
  ['CONNECT without the will it announces', undefined, connect(4, 0x06, id), 0x81, 'MQTT-3.1.2-9'],
  ['CONNECT without the user name it announces', undefined, connect(5, 0x82, 0, id), 0x81, 'MQTT-3.1.2-17'],
  ['the same before 5.0', undefined, connect(4, 0x82, id), 0x81, 'MQTT-3.1.2-19'],
  ['CONNECT without the password it announces', undefined, connect(5, 0x42, 0, id), 0x81, 'MQTT-3.1.2-19'],
  ['the same before 5.0, with a user name', undefined, connect(4, 0xc2, id, 0, 0), 0x81, 'MQTT-3.1.2-21'],
  ['CONNECT with bytes left over', undefined, connect(4, 0x02, id, 0), 0x81, '§2.2.3'],
  ['CONNECT cut off in its flags', undefined, bytes(0x10, 7, 0, 4, 'MQTT', 5), 0x81, '§1.2'],
  ['an ill-formed client identifier', undefined, connect(4, 0x02, 0, 1, 0x80), 0x81, 'MQTT-1.5.3-1'],
  ['reserved flags of CONNACK', 5, bytes(0x20, 3, 2, 0, 0), 0x81, 'MQTT-3.2.2-1'],
  ['reserved flags of CONNACK before 5.0', 4, bytes(0x20, 2, 2, 0), 0x81, '§3.2.2.1'],
  ['an unknown CONNACK code', 5, bytes(0x20, 3, 0, 0x01, 0), 0x82, 'MQTT-3.2.2-8'],
  ['an unknown CONNACK code before 5.0', 4, bytes(0x20, 2, 0, 6), 0x82, 'MQTT-3.2.2-6'],
];

const publishing: Case[] = [
  ['QoS 3', 4, bytes(0x36, 5, 0, 1, 'a', 0, 1), 0x81, 'MQTT-3.3.1-4'],
  ['DUP with QoS 0', 5, bytes(0x38, 4, 0, 1, 'a', 0), 0x81, 'MQTT-3.3.1-2'],
  ['PUBLISH with Packet Identifier 0', 5, bytes(0x32, 6, 0, 1, 'a', 0, 0, 0), 0x82, 'MQTT-2.2.1-3'],
  ['the same before 5.0', 4, bytes(0x32, 5, 0, 1, 'a', 0, 0), 0x82, 'MQTT-2.3.1-1'],
  ['PUBLISH without its Packet Identifier', 4, bytes(0x32, 4, 0, 1, 'a', 0), 0x81, 'MQTT-4.8.0-1'],
  ['PUBLISH with a topic cut off', 4, bytes(0x30, 3, 0, 2, 'a'), 0x81, 'MQTT-4.8.0-1'],
  ['PUBLISH with an empty body', 5, bytes(0x30, 0), 0x81, '§1.2'],
  ['PUBLISH of 5.0 without properties', 5, bytes(0x30, 3, 0, 1, 'a'), 0x81, '§1.2'],
  ['an empty topic without alias', 5, bytes(0x30, 3, 0, 0, 0), 0x82, '§3.3.2.1'],
  ['an empty topic before 5.0', 4, bytes(0x30, 2, 0, 0), 0x82, 'MQTT-4.7.3-1'],
  ['U+0000 in a topic', 4, bytes(0x30, 4, 0, 2, 'a', 0), 0x81, 'MQTT-1.5.3-2'],
  ['an over-long UTF-8 form', 5, bytes(0x30, 5, 0, 2, 0xc0, 0xaf, 0), 0x81, 'MQTT-1.5.4-1'],
  ['a code point above U+10FFFF', 5, bytes(0x30, 7, 0, 4, 0xf4, 0x90, 0x80, 0x80, 0), 0x81, 'MQTT-1.5.4-1'],
  ['UTF-8 cut off', 5, bytes(0x30, 5, 0, 2, 0xe2, 0x82, 0), 0x81, 'MQTT-1.5.4-1'],
  ['an over-long Property Length', 5, bytes(0x30, 5, 0, 1, 'a', 0x80, 0x00), 0x81, 'MQTT-1.5.5-1'],
  ['a Property Length of five bytes', 5, bytes(0x30, 8, 0, 1, 'a', 255, 255, 255, 255, 1), 0x81, '§1.5.5'],
];

const answering: Case[] = (
  [
    [0x40, 'puback', 'MQTT-3.4.2-1', 0x92],
    [0x50, 'pubrec', 'MQTT-3.5.2-1', 0x92],
    [0x62, 'pubrel', 'MQTT-3.6.2-1', 0x80],
    [0x70, 'pubcomp', 'MQTT-3.7.2-1', 0x10],
  ] as const
).flatMap(([firstByte, type, rule, foreign]): Case[] => [
  [`${type} with a code of other packets`, 5, bytes(firstByte, 3, 0, 1, foreign), 0x82, rule],
  [`${type} with an unknown code`, 5, bytes(firstByte, 3, 0, 1, 0x05), 0x82, rule],
  [`${type} with Packet Identifier 0`, 5, bytes(firstByte, 2, 0, 0), 0x82, 'MQTT-2.2.1-5'],
  [`${type} with Packet Identifier 0 before 5.0`, 4, bytes(firstByte, 2, 0, 0), 0x82, 'MQTT-2.3.1-6'],
  [`${type} without Packet Identifier`, 5, bytes(firstByte, 1, 0), 0x81, '§1.2'],
  [`${type} with a reason code before 5.0`, 4, bytes(firstByte, 3, 0, 1, 0), 0x81, '§2.2.3'],
  [`${type} with bytes left over`, 5, bytes(firstByte, 5, 0, 1, 0, 0, 0), 0x81, '§2.1.4'],
]);

const subscribing: Case[] = [
  ['SUBSCRIBE without a filter', 5, bytes(0x82, 3, 0, 1, 0), 0x82, 'MQTT-3.8.3-2'],
  ['SUBSCRIBE without a filter before 5.0', 4, bytes(0x82, 2, 0, 1), 0x82, 'MQTT-3.8.3-3'],
  ['SUBSCRIBE with Packet Identifier 0', 5, bytes(0x82, 7, 0, 0, 0, 0, 1, 'a', 0), 0x82, 'MQTT-2.2.1-3'],
  ['reserved subscription options', 5, bytes(0x82, 7, 0, 1, 0, 0, 1, 'a', 0x40), 0x81, 'MQTT-3.8.3-5'],
  ['options of 5.0 before 5.0', 4, bytes(0x82, 6, 0, 1, 0, 1, 'a', 0x04), 0x81, 'MQTT-3.8.3-4'],
  ['a requested QoS of 3', 5, bytes(0x82, 7, 0, 1, 0, 0, 1, 'a', 3), 0x82, '§3.8.3.1'],
  ['a requested QoS of 3 before 5.0', 4, bytes(0x82, 6, 0, 1, 0, 1, 'a', 3), 0x81, 'MQTT-3.8.3-4'],
  ['Retain Handling 3', 5, bytes(0x82, 7, 0, 1, 0, 0, 1, 'a', 0x30), 0x82, '§3.8.3.1'],
  ['SUBSCRIBE without options', 5, bytes(0x82, 6, 0, 1, 0, 0, 1, 'a'), 0x81, '§1.2'],
  ['SUBACK without a code', 5, bytes(0x90, 3, 0, 1, 0), 0x81, 'MQTT-3.9.3-1'],
  ['SUBACK with an unknown code', 5, bytes(0x90, 4, 0, 1, 0, 3), 0x82, 'MQTT-3.9.3-2'],
  ['SUBACK with a code of 5.0 before 5.0', 4, bytes(0x90, 3, 0, 1, 0x87), 0x82, 'MQTT-3.9.3-2'],
  ['SUBACK with Packet Identifier 0', 5, bytes(0x90, 4, 0, 0, 0, 0), 0x82, 'MQTT-2.2.1-6'],
  ['UNSUBSCRIBE without a filter', 5, bytes(0xa2, 3, 0, 1, 0), 0x82, 'MQTT-3.10.3-2'],
  ['UNSUBSCRIBE with Packet Identifier 0', 4, bytes(0xa2, 5, 0, 0, 0, 1, 'a'), 0x82, 'MQTT-2.3.1-1'],
  ['UNSUBACK without a code', 5, bytes(0xb0, 3, 0, 1, 0), 0x81, 'MQTT-3.11.3-1'],
  ['UNSUBACK with an unknown code', 5, bytes(0xb0, 4, 0, 1, 0, 0x10), 0x82, 'MQTT-3.11.3-2'],
  ['UNSUBACK with a code before 5.0', 4, bytes(0xb0, 3, 0, 1, 0), 0x81, '§2.2.3'],
  ['UNSUBACK with Packet Identifier 0', 4, bytes(0xb0, 2, 0, 0), 0x82, 'MQTT-2.3.1-7'],
];

const leaving: Case[] = [
  ['PINGREQ with a body', 5, bytes(0xc0, 1, 0), 0x81, '§2.1.4'],
  ['PINGRESP with a body', 4, bytes(0xd0, 1, 0), 0x81, '§2.2.3'],
  ['DISCONNECT with a body before 5.0', 4, bytes(0xe0, 1, 0), 0x81, '§2.2.3'],
  ['DISCONNECT with an unknown code', 5, bytes(0xe0, 1, 0x84), 0x82, 'MQTT-3.14.2-1'],
  ['DISCONNECT with bytes left over', 5, bytes(0xe0, 3, 0, 0, 0), 0x81, '§2.1.4'],
  ['AUTH with an unknown code', 5, bytes(0xf0, 2, 0x01, 0), 0x82, 'MQTT-3.15.2-1'],
  ['AUTH with a code alone', 5, bytes(0xf0, 1, 0x18), 0x81, '§1.2'],
];

const cases = [
  ...framing,
  ...flagsOf,
  ...connecting,
  ...publishing,
  ...answering,
  ...subscribing,
  ...leaving,
];

describe('malformed packets', () => {
  for (const [says, version, source, reasonCode, rule] of cases) {
    it(`refuses ${says}${version === undefined ? '' : ` (level ${version})`}`, () => {
      const error = refusalOf(source, version);
      expect(error).toMatchObject({ code: 'MQTT_PROTOCOL_ERROR', reasonCode, rule });
      expect(error.message).toContain(rule);
    });
  }

  it('has a case for every fault there is', () => {
    // These two are refused in the properties, and tested there.
    const elsewhere = new Set(['connectAuthenticationData', 'authAuthenticationData']);
    const messages = cases.map(([, version, source]) => refusalOf(source, version).message);
    const missing = Object.entries(faults).filter(
      ([name, { says }]) => !elsewhere.has(name) && !messages.some((message) => message.startsWith(says)),
    );
    expect(missing.map(([name]) => name)).toEqual([]);
  });
});

describe('what is not malformed', () => {
  it('takes the bits that MQTT 3.1 leaves without a meaning', () => {
    expect(readAll(connect(3, 0x2b, id))).toMatchObject([{ type: 'connect', clientId: 'c' }]);
    expect(readAll(bytes(0x20, 2, 0xff, 0), 3)).toMatchObject([{ type: 'connack', sessionPresent: false }]);
    expect(readAll(bytes(0x6a, 2, 0, 1), 3)).toMatchObject([{ type: 'pubrel' }]);
  });

  it('lets MQTT 3.1 leave out the user name and password that its flags announce', () => {
    const [packet] = readAll(connect(3, 0xc2, id));
    expect(packet).toMatchObject({ type: 'connect', clientId: 'c' });
    expect(packet).not.toHaveProperty('username');
    expect(packet).not.toHaveProperty('password');
  });

  it('leaves topic rules to the engine: wildcards, empty filters, an empty will topic', () => {
    expect(readAll(bytes(0x30, 5, 0, 3, 'a/#'), 4)).toMatchObject([{ topic: 'a/#' }]);
    expect(readAll(bytes(0x82, 5, 0, 1, 0, 0, 0), 4)).toMatchObject([{ subscriptions: [{ filter: '' }] }]);
    expect(readAll(connect(4, 0x06, id, 0, 0, 0, 0))).toMatchObject([{ will: { topic: '' } }]);
  });
});
