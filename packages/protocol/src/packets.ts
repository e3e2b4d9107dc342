/**
 * The packets of MQTT 3.1, 3.1.1 and 5.0 as plain data.
 *
 * One shape serves the three versions: `properties` and reason codes other than those a 3.x packet can
 * express are simply absent (or 0) there. A property that is absent on the wire is absent in the object.
 */

/** Protocol level as it stands in CONNECT: 3 is MQTT 3.1, 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
export type ProtocolVersion = 3 | 4 | 5;

/** Quality of service: 0 at most once, 1 at least once, 2 exactly once. */
export type QoS = 0 | 1 | 2;

/** A user property: name and value. Names may repeat; order is kept. */
export type UserProperty = readonly [name: string, value: string];

/** What every MQTT 5.0 packet with properties may carry; absent when there are none. */
export interface UserProperties {
  userProperties?: readonly UserProperty[];
}

/** What SUBACK, PUBACK and the like may say besides their reason code. */
export interface DiagnosticProperties extends UserProperties {
  reasonString?: string;
}

/** The properties that belong to a message and travel with it from publisher to subscriber. */
export interface MessageProperties extends UserProperties {
  /** 1 says that the payload is UTF-8 text. */
  payloadFormatIndicator?: 0 | 1;
  /** Seconds. */
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Uint8Array;
}

export interface PublishProperties extends MessageProperties {
  topicAlias?: number;
  /** From server to client only; one for each matching subscription that has one. */
  subscriptionIdentifiers?: readonly number[];
}

export interface WillProperties extends MessageProperties {
  /** Seconds. */
  willDelayInterval?: number;
}

/** What a client asks for, and the limits it sets for the broker's packets. */
export interface ConnectProperties extends UserProperties {
  /** Seconds; 0xFFFFFFFF means never. */
  sessionExpiryInterval?: number;
  receiveMaximum?: number;
  /** Bytes, the whole packet counted. */
  maximumPacketSize?: number;
  topicAliasMaximum?: number;
  requestResponseInformation?: 0 | 1;
  requestProblemInformation?: 0 | 1;
  authenticationMethod?: string;
  authenticationData?: Uint8Array;
}

export interface ConnackProperties extends DiagnosticProperties {
  sessionExpiryInterval?: number;
  receiveMaximum?: number;
  maximumQoS?: 0 | 1;
  retainAvailable?: 0 | 1;
  maximumPacketSize?: number;
  assignedClientIdentifier?: string;
  topicAliasMaximum?: number;
  wildcardSubscriptionAvailable?: 0 | 1;
  subscriptionIdentifiersAvailable?: 0 | 1;
  sharedSubscriptionAvailable?: 0 | 1;
  serverKeepAlive?: number;
  responseInformation?: string;
  serverReference?: string;
  authenticationMethod?: string;
  authenticationData?: Uint8Array;
}

/** What holds for all filters of one SUBSCRIBE. */
export interface SubscribeProperties extends UserProperties {
  subscriptionIdentifier?: number;
}

export interface DisconnectProperties extends DiagnosticProperties {
  sessionExpiryInterval?: number;
  serverReference?: string;
}

export interface AuthProperties extends DiagnosticProperties {
  authenticationMethod?: string;
  authenticationData?: Uint8Array;
}

/** The Will Message that a CONNECT carries. */
export interface Will {
  topic: string;
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  properties: WillProperties;
}

/** The first packet of a connection: who the client is and which session it wants. */
export interface ConnectPacket {
  type: 'connect';
  protocolVersion: ProtocolVersion;
  /**
   * The bridge bit: Mosquitto and others set the top bit of the protocol level (0x83, 0x84) to say that the
   * peer is a broker. The standard does not know it.
   */
  bridge: boolean;
  clientId: string;
  /** Clean Start in MQTT 5.0, Clean Session before. */
  cleanStart: boolean;
  /** Seconds; 0 turns the check off. */
  keepAlive: number;
  will?: Will;
  username?: string;
  password?: Uint8Array;
  properties: ConnectProperties;
}

/** The broker's answer to CONNECT. */
export interface ConnackPacket {
  type: 'connack';
  sessionPresent: boolean;
  /** A Connect Reason Code in MQTT 5.0, a Connect Return Code before. */
  reasonCode: number;
  properties: ConnackProperties;
}

/** A message, from client to broker or from broker to client. */
export interface PublishPacket {
  type: 'publish';
  /** May be empty in MQTT 5.0 when a topic alias stands in for it. */
  topic: string;
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  dup: boolean;
  /** 0 when the QoS is 0. */
  packetId: number;
  properties: PublishProperties;
}

/** The shape that PUBACK, PUBREC, PUBREL and PUBCOMP share. Before MQTT 5.0 `reasonCode` is 0. */
export interface AcknowledgementPacket<Type extends string> {
  type: Type;
  packetId: number;
  reasonCode: number;
  properties: DiagnosticProperties;
}

/** The receiver's answer to a QoS 1 PUBLISH: the end of that delivery. */
export type PubackPacket = AcknowledgementPacket<'puback'>;
/** The receiver's answer to a QoS 2 PUBLISH; a reason code of 0x80 or above ends that delivery. */
export type PubrecPacket = AcknowledgementPacket<'pubrec'>;
/** The sender's answer to PUBREC: it will not send that PUBLISH again. */
export type PubrelPacket = AcknowledgementPacket<'pubrel'>;
/** The receiver's answer to PUBREL: the end of a QoS 2 delivery. */
export type PubcompPacket = AcknowledgementPacket<'pubcomp'>;

/** 0: send retained messages at every SUBSCRIBE; 1: only for a new subscription; 2: never. */
export type RetainHandling = 0 | 1 | 2;

/** One filter of a SUBSCRIBE with its options. Before MQTT 5.0 the options other than QoS have their defaults. */
export interface SubscriptionRequest {
  filter: string;
  qos: QoS;
  noLocal: boolean;
  retainAsPublished: boolean;
  retainHandling: RetainHandling;
}

/** Asks for one or more subscriptions. */
export interface SubscribePacket {
  type: 'subscribe';
  packetId: number;
  subscriptions: readonly SubscriptionRequest[];
  properties: SubscribeProperties;
}

/** The broker's answer to SUBSCRIBE: one reason code for each filter, in their order. */
export interface SubackPacket {
  type: 'suback';
  packetId: number;
  reasonCodes: readonly number[];
  properties: DiagnosticProperties;
}

/** Gives subscriptions up, each named by exactly the filter it was made with. */
export interface UnsubscribePacket {
  type: 'unsubscribe';
  packetId: number;
  filters: readonly string[];
  properties: UserProperties;
}

/** The broker's answer to UNSUBSCRIBE: one reason code for each filter, in their order. */
export interface UnsubackPacket {
  type: 'unsuback';
  packetId: number;
  /** Empty before MQTT 5.0: UNSUBACK has no payload there. */
  reasonCodes: readonly number[];
  properties: DiagnosticProperties;
}

/** A client's sign of life within its Keep Alive; asks for PINGRESP. */
export interface PingreqPacket {
  type: 'pingreq';
}

/** The broker's answer to PINGREQ. */
export interface PingrespPacket {
  type: 'pingresp';
}

/** The last packet of a connection that ends in order; before MQTT 5.0 only a client sends it. */
export interface DisconnectPacket {
  type: 'disconnect';
  reasonCode: number;
  properties: DisconnectProperties;
}

/** MQTT 5.0 only. */
export interface AuthPacket {
  type: 'auth';
  reasonCode: number;
  properties: AuthProperties;
}

/** Any packet; `type` tells which. */
export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | PubackPacket
  | PubrecPacket
  | PubrelPacket
  | PubcompPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingreqPacket
  | PingrespPacket
  | DisconnectPacket
  | AuthPacket;

/** The names of the packets, as `type` says them. */
export type PacketType = Packet['type'];
