import type { Packet, ProtocolVersion, SubscriptionRequest } from '@carillon/protocol';
import { bytes } from './reading.ts';

/** A packet and its bytes: decoding must go one way, encoding the other. */
export interface Vector {
  says: string;
  version: ProtocolVersion;
  packet: Packet;
  bytes: Uint8Array;
  /** Valid, but longer than what we write: read only. */
  readOnly?: true;
}

const plainOptions = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
const subscription = (filter: string, qos: 0 | 1 | 2): SubscriptionRequest => ({
  filter,
  qos,
  ...plainOptions,
});

const connects: Vector[] = [
  {
    says: 'the smallest CONNECT of MQTT 3.1',
    version: 3,
    packet: {
      type: 'connect',
      protocolVersion: 3,
      bridge: false,
      clientId: 'c',
      cleanStart: true,
      keepAlive: 60,
      properties: {},
    },
    bytes: bytes(
      ...[0x10, 15], // CONNECT, remaining length
      ...[0, 6, 'MQIsdp'], // protocol name
      3, // protocol level
      0x02, // flags: clean session
      ...[0, 60], // keep alive
      ...[0, 1, 'c'], // client identifier
    ),
  },
  {
    says: 'CONNECT of MQTT 3.1 from a bridge',
    version: 3,
    packet: {
      type: 'connect',
      protocolVersion: 3,
      bridge: true,
      clientId: 'c',
      cleanStart: false,
      keepAlive: 0,
      properties: {},
    },
    bytes: bytes(
      ...[0x10, 15], // CONNECT, remaining length
      ...[0, 6, 'MQIsdp'], // protocol name
      0x83, // protocol level 3 with the bridge bit
      0x00, // flags: none
      ...[0, 0], // keep alive: off
      ...[0, 1, 'c'], // client identifier
    ),
  },
  {
    says: 'CONNECT of MQTT 3.1.1 with everything',
    version: 4,
    packet: {
      type: 'connect',
      protocolVersion: 4,
      bridge: false,
      clientId: 'c1',
      cleanStart: true,
      keepAlive: 0x1234,
      will: { topic: 'w', payload: bytes('bye'), qos: 2, retain: true, properties: {} },
      username: 'ü',
      password: bytes(0, 0xff),
      properties: {},
    },
    bytes: bytes(
      ...[0x10, 30], // CONNECT, remaining length
      ...[0, 4, 'MQTT'], // protocol name
      4, // protocol level
      0xf6, // flags: user name, password, will retain, will QoS 2, will, clean session
      ...[0x12, 0x34], // keep alive
      ...[0, 2, 'c1'], // client identifier
      ...[0, 1, 'w'], // will topic
      ...[0, 3, 'bye'], // will message
      ...[0, 2, 0xc3, 0xbc], // user name
      ...[0, 2, 0, 0xff], // password: any bytes
    ),
  },
  {
    says: 'CONNECT of MQTT 3.1.1 from a bridge',
    version: 4,
    packet: {
      type: 'connect',
      protocolVersion: 4,
      bridge: true,
      clientId: '',
      cleanStart: true,
      keepAlive: 10,
      properties: {},
    },
    bytes: bytes(
      ...[0x10, 12], // CONNECT, remaining length
      ...[0, 4, 'MQTT'], // protocol name
      0x84, // protocol level 4 with the bridge bit
      0x02, // flags: clean session
      ...[0, 10], // keep alive
      ...[0, 0], // client identifier: empty
    ),
  },
  {
    says: 'CONNECT of MQTT 5.0 with a will and a password but no user name',
    version: 5,
    packet: {
      type: 'connect',
      protocolVersion: 5,
      bridge: false,
      clientId: 'c',
      cleanStart: false,
      keepAlive: 1,
      will: { topic: 'w', payload: bytes(), qos: 1, retain: false, properties: { willDelayInterval: 5 } },
      password: bytes('pw'),
      properties: { receiveMaximum: 20 },
    },
    bytes: bytes(
      ...[0x10, 32], // CONNECT, remaining length
      ...[0, 4, 'MQTT'], // protocol name
      5, // protocol level
      0x4c, // flags: password, will QoS 1, will
      ...[0, 1], // keep alive
      3, // property length
      ...[0x21, 0, 20], // receive maximum
      ...[0, 1, 'c'], // client identifier
      5, // will property length
      ...[0x18, 0, 0, 0, 5], // will delay interval
      ...[0, 1, 'w'], // will topic
      ...[0, 0], // will payload: empty
      ...[0, 2, 'pw'], // password
    ),
  },
];

const connacks: Vector[] = [
  {
    says: 'CONNACK of MQTT 3.1, whose first byte means nothing',
    version: 3,
    packet: { type: 'connack', sessionPresent: false, reasonCode: 5, properties: {} },
    bytes: bytes(0x20, 2, 0, 5),
  },
  {
    says: 'CONNACK of MQTT 3.1.1 with Session Present',
    version: 4,
    packet: { type: 'connack', sessionPresent: true, reasonCode: 0, properties: {} },
    bytes: bytes(0x20, 2, 1, 0),
  },
  {
    says: 'CONNACK of MQTT 5.0',
    version: 5,
    packet: { type: 'connack', sessionPresent: false, reasonCode: 0x87, properties: { reasonString: 'no' } },
    bytes: bytes(
      ...[0x20, 8], // CONNACK, remaining length
      0, // session present: no
      0x87, // not authorized
      5, // property length
      ...[0x1f, 0, 2, 'no'], // reason string
    ),
  },
];

const publishes: Vector[] = [
  {
    says: 'PUBLISH with QoS 0 of MQTT 3.1.1',
    version: 4,
    packet: {
      type: 'publish',
      topic: 'a/b',
      payload: bytes('hi'),
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties: {},
    },
    bytes: bytes(
      ...[0x30, 7], // PUBLISH, remaining length
      ...[0, 3, 'a/b'], // topic
      'hi', // payload
    ),
  },
  {
    says: 'PUBLISH with QoS 2, DUP and RETAIN of MQTT 3.1.1',
    version: 4,
    packet: {
      type: 'publish',
      topic: 'a',
      payload: bytes(),
      qos: 2,
      retain: true,
      dup: true,
      packetId: 0x0102,
      properties: {},
    },
    bytes: bytes(
      ...[0x3d, 5], // PUBLISH: DUP, QoS 2, RETAIN; remaining length
      ...[0, 1, 'a'], // topic
      ...[1, 2], // packet identifier
    ),
  },
  {
    says: 'PUBLISH of MQTT 5.0 with an empty topic and an alias',
    version: 5,
    packet: {
      type: 'publish',
      topic: '',
      payload: bytes(7),
      qos: 1,
      retain: false,
      dup: false,
      packetId: 0xffff,
      properties: { topicAlias: 3 },
    },
    bytes: bytes(
      ...[0x32, 9], // PUBLISH: QoS 1; remaining length
      ...[0, 0], // topic: empty
      ...[0xff, 0xff], // packet identifier
      3, // property length
      ...[0x23, 0, 3], // topic alias
      7, // payload
    ),
  },
  {
    says: 'PUBLISH of MQTT 5.0 without properties',
    version: 5,
    packet: {
      type: 'publish',
      topic: '\uFEFFü',
      payload: bytes(0),
      qos: 0,
      retain: true,
      dup: false,
      packetId: 0,
      properties: {},
    },
    bytes: bytes(
      ...[0x31, 9], // PUBLISH: RETAIN; remaining length
      ...[0, 5, 0xef, 0xbb, 0xbf, 0xc3, 0xbc], // topic: U+FEFF is kept [MQTT-1.5.4-3]
      0, // property length
      0, // payload: one byte 0
    ),
  },
];

const answersToPublish: Vector[] = (
  [
    ['puback', 0x40, 0x10],
    ['pubrec', 0x50, 0x97],
    ['pubrel', 0x62, 0x92],
    ['pubcomp', 0x70, 0x92],
  ] as const
).flatMap(([type, firstByte, code]): Vector[] => [
  {
    says: `${type} of MQTT 3.1.1`,
    version: 4,
    packet: { type, packetId: 0x0a0b, reasonCode: 0, properties: {} },
    bytes: bytes(firstByte, 2, 0x0a, 0x0b),
  },
  {
    says: `${type} of MQTT 5.0 in the shortest form`,
    version: 5,
    packet: { type, packetId: 1, reasonCode: 0, properties: {} },
    bytes: bytes(firstByte, 2, 0, 1),
  },
  {
    says: `${type} of MQTT 5.0 with a reason code and nothing behind it`,
    version: 5,
    packet: { type, packetId: 1, reasonCode: code, properties: {} },
    bytes: bytes(firstByte, 3, 0, 1, code),
  },
  {
    says: `${type} of MQTT 5.0 with a property`,
    version: 5,
    packet: { type, packetId: 1, reasonCode: 0, properties: { reasonString: '?' } },
    bytes: bytes(
      ...[firstByte, 8], // type, remaining length
      ...[0, 1], // packet identifier
      0, // success
      4, // property length
      ...[0x1f, 0, 1, '?'], // reason string
    ),
  },
  {
    says: `${type} of MQTT 5.0 with everything written out although it need not be`,
    version: 5,
    packet: { type, packetId: 1, reasonCode: 0, properties: {} },
    bytes: bytes(firstByte, 4, 0, 1, 0, 0),
    readOnly: true,
  },
]);

const subscribing: Vector[] = [
  {
    says: 'SUBSCRIBE of MQTT 3.1.1 with two filters',
    version: 4,
    packet: {
      type: 'subscribe',
      packetId: 10,
      subscriptions: [subscription('a/+', 1), subscription('#', 2)],
      properties: {},
    },
    bytes: bytes(
      ...[0x82, 12], // SUBSCRIBE, remaining length
      ...[0, 10], // packet identifier
      ...[0, 3, 'a/+', 1], // filter, QoS
      ...[0, 1, '#', 2], // filter, QoS
    ),
  },
  {
    says: 'SUBSCRIBE of MQTT 3.1 that is sent again',
    version: 3,
    packet: { type: 'subscribe', packetId: 10, subscriptions: [subscription('a', 0)], properties: {} },
    bytes: bytes(0x8a, 6, 0, 10, 0, 1, 'a', 0),
    readOnly: true,
  },
  {
    says: 'SUBSCRIBE of MQTT 5.0 with all options',
    version: 5,
    packet: {
      type: 'subscribe',
      packetId: 10,
      subscriptions: [
        { filter: 'a', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { filter: 'b', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 1 },
      ],
      properties: { subscriptionIdentifier: 300 },
    },
    bytes: bytes(
      ...[0x82, 14], // SUBSCRIBE, remaining length
      ...[0, 10], // packet identifier
      3, // property length
      ...[0x0b, 0xac, 0x02], // subscription identifier
      ...[0, 1, 'a', 0x2e], // filter; retain handling 2, retain as published, no local, QoS 2
      ...[0, 1, 'b', 0x10], // filter; retain handling 1, QoS 0
    ),
  },
  {
    says: 'SUBACK of MQTT 3.1.1',
    version: 4,
    packet: { type: 'suback', packetId: 10, reasonCodes: [0, 1, 2, 0x80], properties: {} },
    bytes: bytes(0x90, 6, 0, 10, 0, 1, 2, 0x80),
  },
  {
    says: 'SUBACK of MQTT 5.0',
    version: 5,
    packet: { type: 'suback', packetId: 10, reasonCodes: [2, 0x87], properties: {} },
    bytes: bytes(0x90, 5, 0, 10, 0, 2, 0x87),
  },
  {
    says: 'UNSUBSCRIBE of MQTT 3.1.1',
    version: 4,
    packet: { type: 'unsubscribe', packetId: 11, filters: ['a', 'b/c'], properties: {} },
    bytes: bytes(0xa2, 10, 0, 11, 0, 1, 'a', 0, 3, 'b/c'),
  },
  {
    says: 'UNSUBSCRIBE of MQTT 5.0',
    version: 5,
    packet: { type: 'unsubscribe', packetId: 11, filters: ['a'], properties: {} },
    bytes: bytes(0xa2, 6, 0, 11, 0, 0, 1, 'a'),
  },
  {
    says: 'UNSUBACK of MQTT 3.1.1, which has no payload',
    version: 4,
    packet: { type: 'unsuback', packetId: 11, reasonCodes: [], properties: {} },
    bytes: bytes(0xb0, 2, 0, 11),
  },
  {
    says: 'UNSUBACK of MQTT 5.0',
    version: 5,
    packet: { type: 'unsuback', packetId: 11, reasonCodes: [0, 0x11], properties: {} },
    bytes: bytes(0xb0, 5, 0, 11, 0, 0, 0x11),
  },
];

const others: Vector[] = [
  { says: 'PINGREQ', version: 4, packet: { type: 'pingreq' }, bytes: bytes(0xc0, 0) },
  { says: 'PINGRESP', version: 5, packet: { type: 'pingresp' }, bytes: bytes(0xd0, 0) },
  {
    says: 'DISCONNECT of MQTT 3.1.1',
    version: 4,
    packet: { type: 'disconnect', reasonCode: 0, properties: {} },
    bytes: bytes(0xe0, 0),
  },
  {
    says: 'DISCONNECT of MQTT 5.0 in the shortest form',
    version: 5,
    packet: { type: 'disconnect', reasonCode: 0, properties: {} },
    bytes: bytes(0xe0, 0),
  },
  {
    says: 'DISCONNECT of MQTT 5.0 with a reason code alone',
    version: 5,
    packet: { type: 'disconnect', reasonCode: 0x8e, properties: {} },
    bytes: bytes(0xe0, 1, 0x8e),
  },
  {
    says: 'DISCONNECT of MQTT 5.0 with a property',
    version: 5,
    packet: { type: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0xffffffff } },
    bytes: bytes(
      ...[0xe0, 7], // DISCONNECT, remaining length
      0, // normal disconnection
      5, // property length
      ...[0x11, 0xff, 0xff, 0xff, 0xff], // session expiry interval: never
    ),
  },
  {
    says: 'AUTH in the shortest form',
    version: 5,
    packet: { type: 'auth', reasonCode: 0, properties: {} },
    bytes: bytes(0xf0, 0),
  },
  {
    says: 'AUTH with method and data',
    version: 5,
    packet: {
      type: 'auth',
      reasonCode: 0x18,
      properties: { authenticationMethod: 'SCRAM', authenticationData: bytes(1, 0) },
    },
    bytes: bytes(
      ...[0xf0, 15], // AUTH, remaining length
      0x18, // continue authentication
      13, // property length
      ...[0x15, 0, 5, 'SCRAM'], // authentication method
      ...[0x16, 0, 2, 1, 0], // authentication data
    ),
  },
];

export const vectors: readonly Vector[] = [
  ...connects,
  ...connacks,
  ...publishes,
  ...answersToPublish,
  ...subscribing,
  ...others,
];
