import type { ConnectPacket, ProtocolVersion, QoS } from '@carillon/protocol';

/** What both sides agreed on in CONNECT and CONNACK. */
export interface ConnectionTerms {
  readonly version: ProtocolVersion;

  /** QoS 1 and 2 messages the client may have unfinished; 65,535 before MQTT 5.0, which has no such limit. */
  readonly receiveMaximum: number;
  /** Bytes of a packet from the client. */
  readonly maximumPacketSize: number;
  /** Of a PUBLISH from the client. */
  readonly maximumQoS: QoS;
  readonly retainAvailable: boolean;
  readonly topicAliasMaximum: number;
  /** Seconds; 0 for off. */
  readonly keepAlive: number;
  readonly maximumSubscriptions: number;
  /** Seconds, as CONNECT had it; what is in force is the session's. 0 must not be raised in DISCONNECT. */
  readonly wantedSessionExpiryInterval: number;

  /** QoS 1 and 2 messages the client takes at a time. */
  readonly clientReceiveMaximum: number;
  /** Bytes of a packet to the client. */
  readonly clientMaximumPacketSize: number;
  readonly clientTopicAliasMaximum: number;
  /** Whether acknowledgements may carry words. [MQTT-3.1.2-29] */
  readonly wantsProblemInformation: boolean;
}

/** What holds until CONNECT has been read. */
export function termsBeforeConnect(maximumConnectBytes: number): ConnectionTerms {
  return {
    version: 4,
    receiveMaximum: 65_535,
    maximumPacketSize: maximumConnectBytes,
    maximumQoS: 2,
    retainAvailable: true,
    topicAliasMaximum: 0,
    keepAlive: 0,
    maximumSubscriptions: 0,
    wantedSessionExpiryInterval: 0,
    clientReceiveMaximum: 65_535,
    clientMaximumPacketSize: Number.POSITIVE_INFINITY,
    clientTopicAliasMaximum: 0,
    wantsProblemInformation: true,
  };
}

/**
 * What holds from CONNECT until CONNACK: the form of packets, and what the client takes. Field by field, as all that is
 * made for each connection: spreading is slow, and V8 keeps its outcome as a dictionary.
 */
export function termsUntilConnack(
  before: ConnectionTerms,
  { protocolVersion, properties }: ConnectPacket,
): ConnectionTerms {
  return {
    version: protocolVersion,
    receiveMaximum: before.receiveMaximum,
    maximumPacketSize: before.maximumPacketSize,
    maximumQoS: before.maximumQoS,
    retainAvailable: before.retainAvailable,
    topicAliasMaximum: before.topicAliasMaximum,
    keepAlive: before.keepAlive,
    maximumSubscriptions: before.maximumSubscriptions,
    wantedSessionExpiryInterval: before.wantedSessionExpiryInterval,
    clientReceiveMaximum: before.clientReceiveMaximum,
    clientMaximumPacketSize: properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    clientTopicAliasMaximum: before.clientTopicAliasMaximum,
    wantsProblemInformation: properties.requestProblemInformation !== 0,
  };
}
