import {
  type ConnectPacket,
  EncodeError,
  encode,
  encodedLength,
  encodeInto,
  encodePublish,
  type Packet,
  type ProtocolVersion,
  type PublishPacket,
} from '@carillon/protocol';
import { describe, expect, it } from 'vitest';

const publish: PublishPacket = {
  type: 'publish',
  topic: 'a',
  payload: new Uint8Array(1),
  qos: 1,
  retain: false,
  dup: false,
  packetId: 1,
  properties: {},
};
const connect: ConnectPacket = {
  type: 'connect',
  protocolVersion: 5,
  bridge: false,
  clientId: 'c',
  cleanStart: true,
  keepAlive: 0,
  properties: {},
};
const subscribe = (options: object): Packet => ({
  type: 'subscribe',
  packetId: 1,
  properties: {},
  subscriptions: [
    { filter: 'f', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, ...options },
  ],
});

/** As plain JavaScript could hand it in. */
const wrong = (value: unknown) => JSON.parse(JSON.stringify(value));

const cases: readonly (readonly [says: string, field: string, packet: Packet, version: ProtocolVersion])[] = [
  ['a topic of more than 65535 bytes', 'topic', { ...publish, topic: 'é'.repeat(32768) }, 5],
  ['a topic with U+0000', 'topic', { ...publish, topic: 'a\0' }, 4],
  ['a long topic with U+0000', 'topic', { ...publish, topic: `${'long'.repeat(20)}\0` }, 4],
  ['a topic with half a surrogate pair', 'topic', { ...publish, topic: 'a\ud800' }, 5],
  [
    'a long topic with half a surrogate pair',
    'topic',
    { ...publish, topic: `${'long'.repeat(20)}\udfff` },
    5,
  ],
  ['an empty topic before 5.0', 'topic', { ...publish, topic: '', properties: { topicAlias: 1 } }, 4],
  ['an empty topic without alias', 'topic', { ...publish, topic: '' }, 5],
  ['a topic that is no string', 'topic', { ...publish, topic: wrong(3) }, 5],
  ['a payload that is a string', 'payload', { ...publish, payload: wrong('hi') }, 5],
  ['QoS 3', 'qos', { ...publish, qos: wrong(3) }, 4],
  ['DUP with QoS 0', 'dup', { ...publish, qos: 0, dup: true }, 4],
  ['Packet Identifier 0 with QoS 1', 'packetId', { ...publish, packetId: 0 }, 4],
  ['Packet Identifier 65536', 'packetId', { ...publish, packetId: 65536 }, 4],
  [
    'a broken Packet Identifier',
    'packetId',
    { type: 'puback', packetId: 1.5, reasonCode: 0, properties: {} },
    4,
  ],
  ['Topic Alias 0', 'topicAlias', { ...publish, properties: { topicAlias: 0 } }, 5],
  [
    'a Subscription Identifier of 0',
    'subscriptionIdentifiers',
    { ...publish, properties: { subscriptionIdentifiers: [0] } },
    5,
  ],
  [
    'a too large Subscription Identifier',
    'subscriptionIdentifiers',
    { ...publish, properties: { subscriptionIdentifiers: [2 ** 28] } },
    5,
  ],
  [
    'a negative interval',
    'messageExpiryInterval',
    { ...publish, properties: { messageExpiryInterval: -1 } },
    5,
  ],
  [
    'an interval of five bytes',
    'messageExpiryInterval',
    { ...publish, properties: { messageExpiryInterval: 2 ** 32 } },
    5,
  ],
  [
    'a flag of 2',
    'payloadFormatIndicator',
    { ...publish, properties: { payloadFormatIndicator: wrong(2) } },
    5,
  ],
  [
    'binary data over 65535 bytes',
    'correlationData',
    { ...publish, properties: { correlationData: new Uint8Array(65536) } },
    5,
  ],
  ['a bad user property', 'userProperties', { ...publish, properties: { userProperties: [['a', '\0']] } }, 5],
  ['Receive Maximum 0', 'receiveMaximum', { ...connect, properties: { receiveMaximum: 0 } }, 5],
  ['CONNECT for another version', 'protocolVersion', connect, 4],
  ['the bridge bit in 5.0', 'bridge', { ...connect, bridge: true }, 5],
  [
    'a password without user name',
    'password',
    { ...connect, protocolVersion: 4, password: new Uint8Array(1) },
    4,
  ],
  [
    'data without a method in CONNECT',
    'authenticationData',
    { ...connect, properties: { authenticationData: new Uint8Array(1) } },
    5,
  ],
  [
    'data without a method in AUTH',
    'authenticationData',
    { type: 'auth', reasonCode: 0x18, properties: { authenticationData: new Uint8Array(1) } },
    5,
  ],
  [
    'Will QoS 3',
    'will.qos',
    {
      ...connect,
      will: { topic: 'w', payload: new Uint8Array(0), qos: wrong(3), retain: false, properties: {} },
    },
    5,
  ],
  [
    'a reason code of another packet',
    'reasonCode',
    { type: 'puback', packetId: 1, reasonCode: 0x92, properties: {} },
    5,
  ],
  [
    'a reason code in CONNACK of 3.1.1',
    'reasonCode',
    { type: 'connack', sessionPresent: false, reasonCode: 0x87, properties: {} },
    4,
  ],
  [
    'a reason code in SUBACK of 3.1.1',
    'reasonCodes',
    { type: 'suback', packetId: 1, reasonCodes: [0x87], properties: {} },
    4,
  ],
  [
    'SUBACK without codes',
    'reasonCodes',
    { type: 'suback', packetId: 1, reasonCodes: [], properties: {} },
    5,
  ],
  [
    'UNSUBACK without codes',
    'reasonCodes',
    { type: 'unsuback', packetId: 1, reasonCodes: [], properties: {} },
    5,
  ],
  [
    'SUBSCRIBE without filters',
    'subscriptions',
    { type: 'subscribe', packetId: 1, subscriptions: [], properties: {} },
    5,
  ],
  [
    'UNSUBSCRIBE without filters',
    'filters',
    { type: 'unsubscribe', packetId: 1, filters: [], properties: {} },
    4,
  ],
  ['a requested QoS of 3', 'qos', subscribe({ qos: 3 }), 4],
  ['Retain Handling 3', 'retainHandling', subscribe({ retainHandling: 3 }), 5],
  ['AUTH before 5.0', 'type', { type: 'auth', reasonCode: 0, properties: {} }, 4],
  ['an unknown packet', 'type', wrong({ type: 'hello' }), 5],
];

describe('a packet that cannot be on the wire', () => {
  for (const [says, field, packet, version] of cases) {
    it(`is refused: ${says}`, () => {
      const expected = expect.objectContaining({ code: 'MQTT_ENCODE_ERROR', field });
      const target = new Uint8Array(1000).fill(0xee);
      expect(() => encode(packet, version)).toThrowError(expected);
      expect(() => encodedLength(packet, version)).toThrowError(expected);
      expect(() => encodeInto(packet, version, target, 0)).toThrowError(expected);
      expect(target.every((byte) => byte === 0xee)).toBe(true);
      if (packet.type === 'publish') {
        expect(() => encodePublish(packet, version, { payload: true })).toThrowError(expected);
      }
    });
  }

  it('names the field in its message', () => {
    expect(() => encode({ ...publish, packetId: 0 }, 4)).toThrowError(
      new EncodeError('packetId', 'must not be 0'),
    );
  });

  it('is refused when no Remaining Length can say how long it is', () => {
    // The memory is never touched, so it is never really taken.
    const payload = new Uint8Array(2 ** 28);
    const tooLong = expect.objectContaining({ code: 'MQTT_ENCODE_ERROR', field: 'packet' });
    expect(() => encodedLength({ ...publish, payload }, 4)).toThrowError(tooLong);
    expect(encodedLength({ ...publish, payload: payload.subarray(6) }, 4)).toBe(2 ** 28 + 4);
  });

  it('is refused when the target has no room', () => {
    const target = new Uint8Array(5);
    expect(() => encodeInto({ type: 'pingreq' }, 5, target, 4)).toThrowError(EncodeError);
    expect([...target]).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('what a version does not have', () => {
  it('is left out before 5.0: properties and the reason codes of acknowledgements', () => {
    const properties = { reasonString: 'why', userProperties: [['a', 'b']] as const };
    expect(encode({ type: 'puback', packetId: 1, reasonCode: 0x80, properties }, 4)).toHaveLength(4);
    expect(encode({ type: 'disconnect', reasonCode: 0x8e, properties }, 3)).toHaveLength(2);
    expect(encode({ ...publish, properties: { topicAlias: 9 } }, 4)).toHaveLength(8);
    expect(encode({ type: 'unsuback', packetId: 1, reasonCodes: [0x11], properties }, 4)).toHaveLength(4);
  });

  it('is left out: Session Present in MQTT 3.1', () => {
    const bytes = encode({ type: 'connack', sessionPresent: true, reasonCode: 0, properties: {} }, 3);
    expect([...bytes]).toEqual([0x20, 2, 0, 0]);
  });
});
