import { encode, type Packet, type ProtocolVersion, type UserProperty } from '@carillon/protocol';
import fc from 'fast-check';
import { generate, parser, type Packet as TheirPacket } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { anyPacket } from './arbitrary-packets.ts';
import { asTheyRead, toTheirForm } from './mqtt-packet-form.ts';
import { bytes, readAll, refusalOf } from './reading.ts';

/** What mqtt-packet makes of the bytes: packets, or its error. */
function readTheirWay(source: Uint8Array, version: ProtocolVersion): TheirPacket[] | Error {
  const packets: TheirPacket[] = [];
  let failure: Error | undefined;
  const reading = parser({ protocolVersion: version });
  reading.on('packet', (packet) => packets.push(packet));
  reading.on('error', (error) => {
    failure = error;
  });
  reading.parse(Buffer.from(source));
  return failure ?? packets;
}

const writeTheirWay = (packet: Packet, version: ProtocolVersion) =>
  new Uint8Array(generate(toTheirForm(packet, version), { protocolVersion: version }));

/**
 * Difference: mqtt-packet keeps user properties in an object, which loses the order of different names and the
 * first of two values when it is empty. Common ground are names that all differ and are no array indices.
 */
function withDistinctUserProperties<Owner>(value: Owner): Owner;
function withDistinctUserProperties(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array || Array.isArray(value))
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name !== 'userProperties' || !Array.isArray(inner))
        return [name, withDistinctUserProperties(inner)];
      return [name, inner.map(([key, text]: UserProperty, index) => [`${index}:${key}`, text])];
    }),
  );
}

/** What mqtt-packet can write: see "what mqtt-packet does not write". */
function canTheyWrite(packet: Packet): boolean {
  if (packet.type !== 'connect') return true;
  if (packet.clientId === '' && (packet.protocolVersion === 3 || !packet.cleanStart)) return false;
  if (packet.password !== undefined && packet.username === undefined) return false;
  return packet.will === undefined || packet.will.topic !== '';
}

/** What mqtt-packet can read: see "what mqtt-packet refuses". */
function canTheyRead(packet: Packet): boolean {
  if (packet.type === 'disconnect') return packet.reasonCode !== 0x8c;
  return !(packet.type === 'auth' && packet.reasonCode === 0 && Object.keys(packet.properties).length === 0);
}

const numRuns = 400;

describe('we and mqtt-packet', () => {
  for (const version of [3, 4, 5] as const) {
    const packets = anyPacket(version).map((packet) => withDistinctUserProperties(packet));

    it(`agree: what it writes for level ${version} we read`, () => {
      fc.assert(
        fc.property(packets.filter(canTheyWrite), (packet) => {
          expect(readAll(writeTheirWay(packet, version), version)).toEqual([packet]);
        }),
        { numRuns },
      );
    });

    it(`agree: what we write for level ${version} it reads`, () => {
      fc.assert(
        fc.property(packets.filter(canTheyRead), (packet) => {
          const read = readTheirWay(encode(packet, version), version);
          const expected = asTheyRead(packet, version);
          expect(read).toMatchObject([expected]);
          const [found] = Array.isArray(read) ? read : [];
          expect(propertyNames(found)).toEqual(propertyNames(expected));
        }),
        { numRuns },
      );
    });

    it(`agree: of the bytes of level ${version}, where nothing is optional`, () => {
      fc.assert(
        fc.property(packets.filter(canTheyWrite).filter(hasOneForm), (packet) => {
          expect(writeTheirWay(packet, version)).toEqual(encode(packet, version));
        }),
        { numRuns: 200 },
      );
    });
  }
});

const propertyNames = (packet: object | undefined): string[] =>
  packet !== undefined && 'properties' in packet ? Object.keys(packet.properties ?? {}).sort() : [];

/**
 * Difference: properties may come in any order, and mqtt-packet writes the empty property length behind a reason
 * code where we use the short form.
 */
function hasOneForm(packet: Packet): boolean {
  if (!('properties' in packet)) return true;
  const sets: object[] = [packet.properties];
  if (packet.type === 'connect' && packet.will !== undefined) sets.push(packet.will.properties);
  if (sets.some((properties) => Object.keys(properties).length > 1)) return false;
  if (packet.type === 'disconnect') return Object.keys(packet.properties).length > 0;
  if (packet.type === 'auth') return Object.keys(packet.properties).length > 0;
  const isShort = 'reasonCode' in packet && packet.type !== 'connack' && packet.reasonCode !== 0;
  return !(isShort && Object.keys(packet.properties).length === 0);
}

const connect311 = (flags: number, ...rest: (number | string)[]) => {
  const body = bytes(0, 4, 'MQTT', 4, flags, 0, 0, ...rest);
  return bytes(0x10, body.length, body);
};

describe('what mqtt-packet takes and we refuse, because the standard does', () => {
  it.each<[string, ProtocolVersion, Uint8Array, string]>([
    ['ill-formed UTF-8, which it replaces', 4, bytes(0x30, 3, 0, 1, 0xff), 'MQTT-1.5.3-1'],
    ['U+0000 in a topic', 4, bytes(0x30, 3, 0, 1, 0), 'MQTT-1.5.3-2'],
    ['an empty topic without alias', 4, bytes(0x30, 2, 0, 0), 'MQTT-4.7.3-1'],
    ['Packet Identifier 0', 4, bytes(0x32, 5, 0, 1, 'a', 0, 0), 'MQTT-2.3.1-1'],
    ['PUBACK with Packet Identifier 0', 4, bytes(0x40, 2, 0, 0), 'MQTT-2.3.1-6'],
    ['DUP with QoS 0', 4, bytes(0x38, 3, 0, 1, 'a'), 'MQTT-3.3.1-2'],
    ['PUBACK with bytes left over', 4, bytes(0x40, 4, 0, 1, 0, 0), '§2.2.3'],
    ['PINGREQ with a body', 4, bytes(0xc0, 1, 0), '§2.2.3'],
    ['DISCONNECT with a body before 5.0', 4, bytes(0xe0, 1, 0), '§2.2.3'],
    ['CONNECT with bytes left over', 4, connect311(2, 0, 1, 'c', 9), '§2.2.3'],
    ['a password without user name', 4, connect311(0x42, 0, 1, 'c', 0, 0), 'MQTT-3.1.2-22'],
    ['Will QoS 3', 4, connect311(0x1e, 0, 1, 'c', 0, 1, 'w', 0, 0), 'MQTT-3.1.2-14'],
    [
      'the name of 3.1 with the level of 3.1.1',
      4,
      bytes(0x10, 14, 0, 6, 'MQIsdp', 4, 2, 0, 0, 0, 0),
      'MQTT-3.1.2-2',
    ],
    ['SUBSCRIBE without a filter', 4, bytes(0x82, 2, 0, 1), 'MQTT-3.8.3-3'],
    ['UNSUBSCRIBE without a filter', 4, bytes(0xa2, 2, 0, 1), 'MQTT-3.10.3-2'],
    ['SUBACK without a code', 4, bytes(0x90, 2, 0, 1), 'MQTT-3.9.3-1'],
    ['a reserved CONNACK code', 4, bytes(0x20, 2, 0, 77), 'MQTT-3.2.2-6'],
    ['an over-long Remaining Length', 4, bytes(0xc0, 0x80, 0), '§2.2.3'],
    ['a property of another packet', 5, bytes(0x30, 6, 0, 1, 'a', 2, 0x24, 1), '§2.2.2.2'],
    ['a property twice', 5, bytes(0x30, 8, 0, 1, 'a', 4, 0x01, 1, 0x01, 1), '§3.3.2.3.2'],
    ['a flag of 2', 5, bytes(0x30, 6, 0, 1, 'a', 2, 0x01, 2), '§3.3.2.3.2'],
    ['Topic Alias 0', 5, bytes(0x30, 7, 0, 1, 'a', 3, 0x23, 0, 0), 'MQTT-3.3.2-8'],
    ['a property reaching past the others', 5, bytes(0x30, 9, 0, 1, 'a', 2, 0x02, 0, 0, 0, 1), '§1.2'],
    ['a return code of 3.1.1 in CONNACK of 5.0', 5, bytes(0x20, 3, 0, 0x05, 0), 'MQTT-3.2.2-8'],
  ])('%s', (_, version, source, rule) => {
    expect(readTheirWay(source, version)).toHaveLength(1);
    const before = source[0] === 0x10 ? undefined : version;
    expect(refusalOf(source, before).rule).toBe(rule);
  });
});

describe('what mqtt-packet refuses and we take, because the standard allows it', () => {
  it('AUTH without a body, which says success', () => {
    const source = bytes(0xf0, 0);
    expect(readTheirWay(source, 5)).toBeInstanceOf(Error);
    expect(readAll(source, 5)).toEqual([{ type: 'auth', reasonCode: 0, properties: {} }]);
  });

  it('DISCONNECT 0x8C, which section 2.4 has and the table in 3.14.2.1 has not', () => {
    const source = bytes(0xe0, 1, 0x8c);
    expect(readTheirWay(source, 5)).toBeInstanceOf(Error);
    expect(readAll(source, 5)).toMatchObject([{ reasonCode: 0x8c }]);
  });

  it('the bits that MQTT 3.1 leaves without a meaning', () => {
    const source = bytes(0x10, 15, 0, 6, 'MQIsdp', 3, 0x2b, 0, 0, 0, 1, 'c');
    expect(readTheirWay(source, 3)).toBeInstanceOf(Error);
    expect(readAll(source)).toMatchObject([{ type: 'connect', clientId: 'c' }]);
  });
});

describe('what mqtt-packet does not write and we do', () => {
  const connect: Packet = {
    type: 'connect',
    protocolVersion: 5,
    bridge: false,
    clientId: '',
    cleanStart: false,
    keepAlive: 0,
    properties: {},
  };
  it.each<[string, Packet]>([
    ['an empty client identifier with Clean Start 0', connect],
    ['a password without user name in 5.0', { ...connect, clientId: 'c', password: bytes(1) }],
    [
      'an empty will topic, which is for the engine to judge',
      {
        ...connect,
        clientId: 'c',
        will: { topic: '', payload: bytes(), qos: 0, retain: false, properties: {} },
      },
    ],
  ])('%s', (_, packet) => {
    expect(() => readAll(writeTheirWay(packet, 5))).toThrowError();
    expect(readAll(encode(packet, 5))).toEqual([packet]);
  });

  it('user properties in any order', () => {
    const userProperties: UserProperty[] = [
      ['b', '1'],
      ['a', ''],
      ['b', ''],
      ['a', '2'],
    ];
    const packet: Packet = { type: 'puback', packetId: 1, reasonCode: 0, properties: { userProperties } };
    const source = encode(packet, 5);
    expect(readAll(source, 5)).toEqual([packet]);
    expect(readTheirWay(source, 5)).toMatchObject([
      { properties: { userProperties: { b: ['1', ''], a: '2' } } },
    ]);
  });
});
