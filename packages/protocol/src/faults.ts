import type { Fault } from './protocol-error.ts';
import { ReasonCode } from './reason-codes.ts';

const malformed = ReasonCode.MalformedPacket;
const protocolError = ReasonCode.ProtocolError;

/** Every way in which bytes fail to be a packet, properties and reason codes apart: those stand in their tables. */
export const faults = {
  // Framing
  connectNotFirst: {
    reasonCode: protocolError,
    rule: 'MQTT-3.1.0-1',
    says: 'the first packet is not CONNECT',
  },
  reservedPacketType: {
    reasonCode: malformed,
    rule: '§2.1.2',
    rule3: '§2.2.1',
    says: 'the packet type is reserved',
  },
  reservedFlags: {
    reasonCode: malformed,
    rule: 'MQTT-2.1.3-1',
    rule3: 'MQTT-2.2.2-1',
    says: 'the flags in the fixed header are not those of the packet type',
  },
  remainingLength: {
    reasonCode: malformed,
    rule: '§2.1.4',
    rule3: '§2.2.3',
    says: 'the Remaining Length has more than four bytes',
  },
  packetTooLarge: {
    reasonCode: ReasonCode.PacketTooLarge,
    rule: 'MQTT-3.2.2-15',
    says: 'the packet is larger than the maximum packet size',
  },
  truncated: {
    reasonCode: malformed,
    rule: '§1.2',
    rule3: 'MQTT-4.8.0-1',
    says: 'the packet ends before its last field',
  },
  leftOver: {
    reasonCode: malformed,
    rule: '§2.1.4',
    rule3: '§2.2.3',
    says: 'bytes are left over after the last field',
  },

  // Data types
  illFormedUtf8: {
    reasonCode: malformed,
    rule: 'MQTT-1.5.4-1',
    rule3: 'MQTT-1.5.3-1',
    says: 'ill-formed UTF-8',
  },
  nullCharacter: {
    reasonCode: malformed,
    rule: 'MQTT-1.5.4-2',
    rule3: 'MQTT-1.5.3-2',
    says: 'U+0000 in a string',
  },
  overlongInteger: {
    reasonCode: malformed,
    rule: 'MQTT-1.5.5-1',
    rule3: '§2.2.3',
    says: 'a Variable Byte Integer is longer than it need be',
  },
  longInteger: {
    reasonCode: malformed,
    rule: '§1.5.5',
    says: 'a Variable Byte Integer has more than four bytes',
  },
  requestPacketIdZero: {
    reasonCode: protocolError,
    rule: 'MQTT-2.2.1-3',
    rule3: 'MQTT-2.3.1-1',
    says: 'the Packet Identifier is 0',
  },
  publishAnswerPacketIdZero: {
    reasonCode: protocolError,
    rule: 'MQTT-2.2.1-5',
    rule3: 'MQTT-2.3.1-6',
    says: 'the Packet Identifier is 0',
  },
  subscribeAnswerPacketIdZero: {
    reasonCode: protocolError,
    rule: 'MQTT-2.2.1-6',
    rule3: 'MQTT-2.3.1-7',
    says: 'the Packet Identifier is 0',
  },

  // CONNECT
  protocolName: {
    reasonCode: ReasonCode.UnsupportedProtocolVersion,
    rule: 'MQTT-3.1.2-1',
    says: 'the protocol name is not MQTT',
  },
  protocolLevel: {
    reasonCode: ReasonCode.UnsupportedProtocolVersion,
    rule: 'MQTT-3.1.2-2',
    says: 'the protocol level is not supported',
  },
  reservedConnectFlag: {
    reasonCode: malformed,
    rule: 'MQTT-3.1.2-3',
    says: 'the reserved bit of the Connect Flags is set',
  },
  willQoSWithoutWill: {
    reasonCode: malformed,
    rule: 'MQTT-3.1.2-11',
    rule3: 'MQTT-3.1.2-13',
    says: 'Will QoS without Will Flag',
  },
  willRetainWithoutWill: {
    reasonCode: malformed,
    rule: 'MQTT-3.1.2-13',
    rule3: 'MQTT-3.1.2-15',
    says: 'Will Retain without Will Flag',
  },
  willQoS3: { reasonCode: malformed, rule: 'MQTT-3.1.2-12', rule3: 'MQTT-3.1.2-14', says: 'Will QoS is 3' },
  passwordWithoutUsername: {
    reasonCode: malformed,
    rule: 'MQTT-3.1.2-22',
    says: 'Password Flag without User Name Flag',
  },
  clientIdMissing: {
    reasonCode: malformed,
    rule: 'MQTT-3.1.3-3',
    says: 'the payload has no Client Identifier',
  },
  willMissing: {
    reasonCode: malformed,
    rule: 'MQTT-3.1.2-9',
    says: 'Will Flag is set and the payload has no will',
  },
  usernameMissing: {
    reasonCode: malformed,
    rule: 'MQTT-3.1.2-17',
    rule3: 'MQTT-3.1.2-19',
    says: 'User Name Flag is set and the payload has no User Name',
  },
  passwordMissing: {
    reasonCode: malformed,
    rule: 'MQTT-3.1.2-19',
    rule3: 'MQTT-3.1.2-21',
    says: 'Password Flag is set and the payload has no Password',
  },
  connectAuthenticationData: {
    reasonCode: protocolError,
    rule: '§3.1.2.11.10',
    says: 'Authentication Data without Authentication Method',
  },

  // CONNACK
  reservedConnackFlags: {
    reasonCode: malformed,
    rule: 'MQTT-3.2.2-1',
    rule3: '§3.2.2.1',
    says: 'a reserved bit of the Connect Acknowledge Flags is set',
  },

  // PUBLISH
  publishQoS3: { reasonCode: malformed, rule: 'MQTT-3.3.1-4', says: 'the QoS is 3' },
  dupWithQoS0: { reasonCode: malformed, rule: 'MQTT-3.3.1-2', says: 'DUP is set and the QoS is 0' },
  emptyTopic: {
    reasonCode: protocolError,
    rule: '§3.3.2.1',
    rule3: 'MQTT-4.7.3-1',
    says: 'the Topic Name is empty and no Topic Alias stands in for it',
  },

  // SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK
  noSubscription: {
    reasonCode: protocolError,
    rule: 'MQTT-3.8.3-2',
    rule3: 'MQTT-3.8.3-3',
    says: 'SUBSCRIBE without a Topic Filter',
  },
  reservedSubscriptionOptions: {
    reasonCode: malformed,
    rule: 'MQTT-3.8.3-5',
    rule3: 'MQTT-3.8.3-4',
    says: 'a reserved bit of the Subscription Options is set',
  },
  subscriptionQoS3: { reasonCode: protocolError, rule: '§3.8.3.1', says: 'the requested QoS is 3' },
  /** The same before MQTT 5.0, where it makes the packet malformed. */
  requestedQoS3: { reasonCode: malformed, rule: 'MQTT-3.8.3-4', says: 'the requested QoS is 3' },
  retainHandling3: { reasonCode: protocolError, rule: '§3.8.3.1', says: 'Retain Handling is 3' },
  noSubscribeAnswer: {
    reasonCode: malformed,
    rule: 'MQTT-3.9.3-1',
    says: 'SUBACK without a Reason Code',
  },
  noUnsubscription: {
    reasonCode: protocolError,
    rule: 'MQTT-3.10.3-2',
    says: 'UNSUBSCRIBE without a Topic Filter',
  },
  noUnsubscribeAnswer: {
    reasonCode: malformed,
    rule: 'MQTT-3.11.3-1',
    says: 'UNSUBACK without a Reason Code',
  },

  // AUTH
  authAuthenticationData: {
    reasonCode: protocolError,
    rule: '§3.15.2.2.2',
    says: 'Authentication Data without Authentication Method',
  },
} as const satisfies Record<string, Fault>;
