import {
  type ConnackPacket,
  type ConnectPacket,
  ConnectReturnCode,
  ReasonCode,
  reasonCodeName,
  type UserProperty,
} from '@carillon/protocol';
import { BridgeError } from './bridge-error.ts';
import type { Credentials } from './link-options.ts';
import type { LinkSettings } from './link-settings.ts';
import { bridgeProperty, readBrokerId } from './path.ts';
import type { Peer } from './peer.ts';
import type { TopicRule } from './topic-rule.ts';
import type { ReceiverTerms } from './translation.ts';

/**
 * MQTT 3.1.1 has no word for how many messages a broker takes at a time. Mosquitto acknowledges what is above its
 * `max_inflight_messages`, 20 by default, and drops it.
 */
const windowBefore5 = 20;

/** What is spoken with the remote broker. */
export interface Dialect {
  readonly version: 4 | 5;
  readonly bridgeBit: boolean;
}

/** Who the bridge is for the remote broker. */
export interface RemoteIdentity {
  readonly clientId: string;
  readonly brokerId: string;
  readonly credentials: Credentials;
  /** Undefined when nothing is to be told there. */
  readonly notificationTopic: string | undefined;
}

/** A remote broker that has said yes. */
export interface RemoteTerms extends ReceiverTerms {
  readonly sessionPresent: boolean;
  readonly receiveMaximum: number;
  /** Seconds. */
  readonly keepAlive: number;
  /** The name it has among the brokers that are joined, when it told one. */
  readonly brokerId: string | undefined;
  readonly sharedAvailable: boolean;
}

/** It does not speak this dialect; another one may do. */
export class DialectRefused extends BridgeError {
  constructor(message: string, cause?: unknown) {
    super('BRIDGE_VERSION_REFUSED', message, cause);
  }
}

/** It closed the connection upon CONNECT, in order and without a word: some brokers refuse a dialect like that. */
export class HungUp extends BridgeError {
  constructor() {
    super('BRIDGE_CONNECTION_LOST', 'the remote broker closed the connection upon CONNECT without a word');
  }
}

export function connectPacket(settings: LinkSettings, dialect: Dialect, who: RemoteIdentity): ConnectPacket {
  const { version } = dialect;
  const { username, password } = who.credentials;
  const { sessionExpiryInterval, maximumInflight, maximumPacketSize } = settings;
  const userProperties: UserProperty[] = [[bridgeProperty, who.brokerId]];
  return {
    type: 'connect',
    protocolVersion: version,
    bridge: dialect.bridgeBit,
    clientId: who.clientId,
    cleanStart: settings.cleanStart,
    keepAlive: settings.keepAlive,
    ...(who.notificationTopic === undefined
      ? {}
      : {
          will: {
            topic: who.notificationTopic,
            payload: new TextEncoder().encode('0'),
            qos: 1,
            retain: true,
            properties: {},
          },
        }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined
      ? {}
      : { password: typeof password === 'string' ? new TextEncoder().encode(password) : password }),
    properties:
      version === 5
        ? { sessionExpiryInterval, receiveMaximum: maximumInflight, maximumPacketSize, userProperties }
        : {},
  };
}

/** Sends CONNECT and reads what comes of it. */
export async function greetRemote(peer: Peer, connect: ConnectPacket): Promise<RemoteTerms> {
  peer.send(connect);
  const connack = await readConnack(peer);
  if (connack.reasonCode !== 0) throw refusal(connack, connect);
  const { properties } = connack;
  return {
    version: connect.protocolVersion,
    sessionPresent: connack.sessionPresent,
    receiveMaximum: properties.receiveMaximum ?? (peer.version === 5 ? 65_535 : windowBefore5),
    maximumPacketSize: properties.maximumPacketSize ?? 268_435_460,
    maximumQoS: properties.maximumQoS ?? 2,
    retainAvailable: properties.retainAvailable !== 0,
    keepAlive: properties.serverKeepAlive ?? connect.keepAlive,
    brokerId: readBrokerId(properties.userProperties),
    sharedAvailable: properties.sharedSubscriptionAvailable !== 0,
  };
}

async function readConnack(peer: Peer): Promise<ConnackPacket> {
  try {
    const packet = await peer.receive();
    if (packet.type === 'connack') return packet;
    throw new BridgeError('BRIDGE_PROTOCOL_ERROR', `${packet.type.toUpperCase()} came instead of CONNACK`);
  } catch (error) {
    // A broker that does not know MQTT 5.0 answers in the form of 3.1.1, which is malformed in 5.0.
    if (peer.version === 5 && error instanceof BridgeError && error.code === 'BRIDGE_PROTOCOL_ERROR') {
      throw new DialectRefused('the remote broker does not answer in MQTT 5.0', error);
    }
    const isLost = error instanceof BridgeError && error.code === 'BRIDGE_CONNECTION_LOST';
    if (isLost && error.cause === undefined) throw new HungUp();
    throw error;
  }
}

function refusal(
  { reasonCode, properties }: ConnackPacket,
  { protocolVersion, username }: ConnectPacket,
): BridgeError {
  const { reasonString } = properties;
  const words = reasonString === undefined ? '' : `: ${reasonString}`;
  const code = protocolVersion === 5 ? reasonCode : fromReturnCode(reasonCode);
  const name = `${reasonCodeName(code)} (0x${reasonCode.toString(16)})${words}`;
  const who = username === undefined ? 'without a user name' : `with the user name "${username}"`;
  switch (code) {
    case ReasonCode.UnsupportedProtocolVersion:
      return new DialectRefused(`the remote broker does not speak this version of MQTT: ${name}`);
    case ReasonCode.BadUserNameOrPassword:
      return new BridgeError(
        'BRIDGE_CREDENTIALS_REFUSED',
        `the remote broker refuses the credentials ${who}: ${name}`,
      );
    case ReasonCode.NotAuthorized:
      return new BridgeError(
        'BRIDGE_CREDENTIALS_REFUSED',
        `the remote broker lets nobody in ${who}: ${name}`,
      );
    default:
      return new BridgeError('BRIDGE_REFUSED', `the remote broker refuses the connection: ${name}`);
  }
}

const byReturnCode = new Map<number, number>([
  [ConnectReturnCode.UnacceptableProtocolVersion, ReasonCode.UnsupportedProtocolVersion],
  [ConnectReturnCode.IdentifierRejected, ReasonCode.ClientIdentifierNotValid],
  [ConnectReturnCode.ServerUnavailable, ReasonCode.ServerUnavailable],
  [ConnectReturnCode.BadUserNameOrPassword, ReasonCode.BadUserNameOrPassword],
  [ConnectReturnCode.NotAuthorized, ReasonCode.NotAuthorized],
]);

function fromReturnCode(code: number): number {
  return byReturnCode.get(code) ?? ReasonCode.UnspecifiedError;
}

/**
 * Identifiers for SUBSCRIBE and UNSUBSCRIBE that no message is likely to have: the identifiers of messages out are this
 * broker's, which begin at 1, and these go before them.
 */
export const subscribePacketId = 65_535;
const unsubscribePacketId = 65_534;

/** The rules by the filters under which the remote session has them, shared where several connections do. */
export function remoteFilters(
  rules: ReadonlyMap<string, TopicRule>,
  shareName: string | undefined,
): ReadonlyMap<string, TopicRule> {
  if (shareName === undefined) return rules;
  return new Map(Array.from(rules, ([filter, rule]) => [`$share/${shareName}/${filter}`, rule]));
}

/** Asks for what comes in. In MQTT 3.1.1 the options other than QoS are not sent. */
export function subscribeIn(peer: Peer, rules: ReadonlyMap<string, TopicRule>): void {
  const subscriptions = Array.from(rules, ([filter, { qos, retain }]) => ({
    filter,
    qos,
    noLocal: !filter.startsWith('$share/') && peer.version === 5,
    retainAsPublished: peer.version === 5,
    retainHandling: peer.version !== 5 ? (0 as const) : retain === 'clear' ? (2 as const) : (1 as const),
  }));
  peer.send({ type: 'subscribe', packetId: subscribePacketId, subscriptions, properties: {} });
}

/** Asks for it no more. Nobody waits for the answer. */
export function unsubscribeIn(peer: Peer, filters: readonly string[]): void {
  peer.send({ type: 'unsubscribe', packetId: unsubscribePacketId, filters, properties: {} });
}

/** @throws {BridgeError} `BRIDGE_SUBSCRIPTION_REFUSED` */
export function checkGranted(filters: readonly string[], reasonCodes: readonly number[]): void {
  const refused = reasonCodes.findIndex((code) => code >= 0x80);
  if (refused === -1) return;
  const why = reasonCodeName(reasonCodes[refused] ?? 0);
  throw new BridgeError(
    'BRIDGE_SUBSCRIPTION_REFUSED',
    `the remote broker does not grant "${filters[refused]}": ${why}`,
  );
}
