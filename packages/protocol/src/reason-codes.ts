import type { PacketType } from './packets.ts';

/** The reason codes of MQTT 5.0 (section 2.4). 0x00 has three names, one for each kind of packet it stands in. */
export const ReasonCode = {
  Success: 0x00,
  NormalDisconnection: 0x00,
  GrantedQoS0: 0x00,
  GrantedQoS1: 0x01,
  GrantedQoS2: 0x02,
  DisconnectWithWillMessage: 0x04,
  NoMatchingSubscribers: 0x10,
  NoSubscriptionExisted: 0x11,
  ContinueAuthentication: 0x18,
  ReAuthenticate: 0x19,
  UnspecifiedError: 0x80,
  MalformedPacket: 0x81,
  ProtocolError: 0x82,
  ImplementationSpecificError: 0x83,
  UnsupportedProtocolVersion: 0x84,
  ClientIdentifierNotValid: 0x85,
  BadUserNameOrPassword: 0x86,
  NotAuthorized: 0x87,
  ServerUnavailable: 0x88,
  ServerBusy: 0x89,
  Banned: 0x8a,
  ServerShuttingDown: 0x8b,
  BadAuthenticationMethod: 0x8c,
  KeepAliveTimeout: 0x8d,
  SessionTakenOver: 0x8e,
  TopicFilterInvalid: 0x8f,
  TopicNameInvalid: 0x90,
  PacketIdentifierInUse: 0x91,
  PacketIdentifierNotFound: 0x92,
  ReceiveMaximumExceeded: 0x93,
  TopicAliasInvalid: 0x94,
  PacketTooLarge: 0x95,
  MessageRateTooHigh: 0x96,
  QuotaExceeded: 0x97,
  AdministrativeAction: 0x98,
  PayloadFormatInvalid: 0x99,
  RetainNotSupported: 0x9a,
  QoSNotSupported: 0x9b,
  UseAnotherServer: 0x9c,
  ServerMoved: 0x9d,
  SharedSubscriptionsNotSupported: 0x9e,
  ConnectionRateExceeded: 0x9f,
  MaximumConnectTime: 0xa0,
  SubscriptionIdentifiersNotSupported: 0xa1,
  WildcardSubscriptionsNotSupported: 0xa2,
} as const;

/** One of the reason codes of MQTT 5.0. */
export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];

/** The return codes of CONNACK in MQTT 3.1 and 3.1.1. */
export const ConnectReturnCode = {
  Accepted: 0x00,
  UnacceptableProtocolVersion: 0x01,
  IdentifierRejected: 0x02,
  ServerUnavailable: 0x03,
  BadUserNameOrPassword: 0x04,
  NotAuthorized: 0x05,
} as const;

/** One of the CONNACK return codes of MQTT 3.1 and 3.1.1. */
export type ConnectReturnCode = (typeof ConnectReturnCode)[keyof typeof ConnectReturnCode];

/** The packets that carry a reason code. */
type CodedPacketType = Exclude<
  PacketType,
  'connect' | 'publish' | 'subscribe' | 'unsubscribe' | 'pingreq' | 'pingresp'
>;

type Row = readonly [code: number, name: string, packets: readonly CodedPacketType[]];

const table: readonly Row[] = [
  [0x00, 'Success', ['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'unsuback', 'auth']],
  [0x00, 'Normal disconnection', ['disconnect']],
  [0x00, 'Granted QoS 0', ['suback']],
  [0x01, 'Granted QoS 1', ['suback']],
  [0x02, 'Granted QoS 2', ['suback']],
  [0x04, 'Disconnect with Will Message', ['disconnect']],
  [0x10, 'No matching subscribers', ['puback', 'pubrec']],
  [0x11, 'No subscription existed', ['unsuback']],
  [0x18, 'Continue authentication', ['auth']],
  [0x19, 'Re-authenticate', ['auth']],
  [0x80, 'Unspecified error', ['connack', 'puback', 'pubrec', 'suback', 'unsuback', 'disconnect']],
  [0x81, 'Malformed Packet', ['connack', 'disconnect']],
  [0x82, 'Protocol Error', ['connack', 'disconnect']],
  [
    0x83,
    'Implementation specific error',
    ['connack', 'puback', 'pubrec', 'suback', 'unsuback', 'disconnect'],
  ],
  [0x84, 'Unsupported Protocol Version', ['connack']],
  [0x85, 'Client Identifier not valid', ['connack']],
  [0x86, 'Bad User Name or Password', ['connack']],
  [0x87, 'Not authorized', ['connack', 'puback', 'pubrec', 'suback', 'unsuback', 'disconnect']],
  [0x88, 'Server unavailable', ['connack']],
  [0x89, 'Server busy', ['connack', 'disconnect']],
  [0x8a, 'Banned', ['connack']],
  [0x8b, 'Server shutting down', ['disconnect']],
  // Section 2.4 allows it in DISCONNECT, the table in 3.14.2.1 leaves it out; re-authentication needs it.
  [0x8c, 'Bad authentication method', ['connack', 'disconnect']],
  [0x8d, 'Keep Alive timeout', ['disconnect']],
  [0x8e, 'Session taken over', ['disconnect']],
  [0x8f, 'Topic Filter invalid', ['suback', 'unsuback', 'disconnect']],
  [0x90, 'Topic Name invalid', ['connack', 'puback', 'pubrec', 'disconnect']],
  [0x91, 'Packet Identifier in use', ['puback', 'pubrec', 'suback', 'unsuback']],
  [0x92, 'Packet Identifier not found', ['pubrel', 'pubcomp']],
  [0x93, 'Receive Maximum exceeded', ['disconnect']],
  [0x94, 'Topic Alias invalid', ['disconnect']],
  [0x95, 'Packet too large', ['connack', 'disconnect']],
  [0x96, 'Message rate too high', ['disconnect']],
  [0x97, 'Quota exceeded', ['connack', 'puback', 'pubrec', 'suback', 'disconnect']],
  [0x98, 'Administrative action', ['disconnect']],
  [0x99, 'Payload format invalid', ['connack', 'puback', 'pubrec', 'disconnect']],
  [0x9a, 'Retain not supported', ['connack', 'disconnect']],
  [0x9b, 'QoS not supported', ['connack', 'disconnect']],
  [0x9c, 'Use another server', ['connack', 'disconnect']],
  [0x9d, 'Server moved', ['connack', 'disconnect']],
  [0x9e, 'Shared Subscriptions not supported', ['suback', 'disconnect']],
  [0x9f, 'Connection rate exceeded', ['connack', 'disconnect']],
  [0xa0, 'Maximum connect time', ['disconnect']],
  [0xa1, 'Subscription Identifiers not supported', ['suback', 'disconnect']],
  [0xa2, 'Wildcard Subscriptions not supported', ['suback', 'disconnect']],
];

const namesByPacket = new Map<PacketType, Map<number, string>>();
const names = new Map<number, string>();
for (const [code, name, packets] of table) {
  if (!names.has(code)) names.set(code, name);
  for (const packet of packets) {
    const namesHere = namesByPacket.get(packet) ?? new Map<number, string>();
    namesByPacket.set(packet, namesHere.set(code, name));
  }
}

/** Whether MQTT 5.0 allows this reason code in this packet. False for packets that carry none. */
export function isReasonCodeFor(packetType: PacketType, code: number): boolean {
  return namesByPacket.get(packetType)?.has(code) ?? false;
}

/**
 * The name the standard prints for a reason code of MQTT 5.0, for logs and messages.
 *
 * @param packetType tells the three names of 0x00 apart.
 * @example reasonCodeName(0x8e) // 'Session taken over'
 */
export function reasonCodeName(code: number, packetType?: PacketType): string {
  const name = packetType === undefined ? undefined : namesByPacket.get(packetType)?.get(code);
  return name ?? names.get(code) ?? `reason code 0x${code.toString(16).padStart(2, '0')}`;
}

const returnCodes = {
  connack: [0, 1, 2, 3, 4, 5],
  suback: [0, 1, 2, 0x80],
} as const satisfies Partial<Record<PacketType, readonly number[]>>;

/** Whether MQTT 3.1 and 3.1.1 allow this return code in this packet. */
export function isReturnCodeFor(packetType: keyof typeof returnCodes, code: number): boolean {
  const allowed: readonly number[] = returnCodes[packetType];
  return allowed.includes(code);
}
