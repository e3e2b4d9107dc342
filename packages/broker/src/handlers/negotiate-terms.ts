import type { ClientLimits } from '@carillon/hooks';
import type { ConnackProperties, ConnectPacket } from '@carillon/protocol';
import type { ConnectionTerms } from '../connection/connection-terms.ts';
import type { EngineSettings } from '../options/engine-settings.ts';
import { lowerQoS } from '../publishing/lower-qos.ts';

/** What CONNECT and the broker's limits come to. */
export interface Negotiated {
  readonly terms: ConnectionTerms;
  /** Seconds. */
  readonly sessionExpiryInterval: number;
  /** What CONNACK has to say of it to an MQTT 5.0 client. */
  readonly announced: ConnackProperties;
}

const protocolMaximumPacketSize = 268_435_460;

/** `asked` is the CONNECT as the client sent it: it is told where `connect` came out otherwise. */
export function negotiateTerms(
  connect: ConnectPacket,
  asked: ConnectPacket,
  own: ClientLimits,
  options: EngineSettings,
): Negotiated {
  const { limits } = options;
  const { properties, protocolVersion } = connect;
  const is5 = protocolVersion === 5;
  const maximumQoS = lowerQoS(options.maximumQoS, own.maximumQoS ?? 2);
  const keepAlive = keepAliveInForce(connect, own, limits.maximumKeepAlive);
  const wantedExpiry = wantedSessionExpiry(connect);
  const sessionExpiryInterval = Math.min(
    wantedExpiry,
    limits.maximumSessionExpiryInterval,
    own.maximumSessionExpiryInterval ?? wantedExpiry,
  );
  const terms: ConnectionTerms = {
    version: protocolVersion,
    // Before MQTT 5.0 there is no word for it, and a client that does not know a limit cannot keep it.
    receiveMaximum: is5
      ? Math.min(limits.receiveMaximum, own.receiveMaximum ?? limits.receiveMaximum)
      : 65_535,
    maximumPacketSize: Math.min(limits.maximumPacketSize, own.maximumPacketSize ?? limits.maximumPacketSize),
    maximumQoS,
    retainAvailable: options.retainAvailable && own.retainAvailable !== false,
    topicAliasMaximum: is5 ? limits.topicAliasMaximum : 0,
    keepAlive,
    maximumSubscriptions: Math.min(
      limits.maximumSubscriptions,
      own.maximumSubscriptions ?? limits.maximumSubscriptions,
    ),
    wantedSessionExpiryInterval: wantedSessionExpiry(asked),
    clientReceiveMaximum: properties.receiveMaximum ?? 65_535,
    clientMaximumPacketSize: properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    clientTopicAliasMaximum: properties.topicAliasMaximum ?? 0,
    wantsProblemInformation: properties.requestProblemInformation !== 0,
  };
  const announced = is5 ? announce(terms, sessionExpiryInterval, asked, options) : {};
  return { terms, sessionExpiryInterval, announced };
}

/** What an MQTT 5.0 client cannot know by itself. */
function announce(
  terms: ConnectionTerms,
  sessionExpiryInterval: number,
  asked: ConnectPacket,
  options: EngineSettings,
): ConnackProperties {
  return {
    ...(terms.receiveMaximum === 65_535 ? {} : { receiveMaximum: terms.receiveMaximum }),
    ...(terms.maximumQoS === 2 ? {} : { maximumQoS: terms.maximumQoS }),
    ...(terms.retainAvailable ? {} : { retainAvailable: 0 }),
    ...(terms.maximumPacketSize >= protocolMaximumPacketSize
      ? {}
      : { maximumPacketSize: terms.maximumPacketSize }),
    ...(terms.topicAliasMaximum === 0 ? {} : { topicAliasMaximum: terms.topicAliasMaximum }),
    ...(options.wildcardSubscriptionAvailable ? {} : { wildcardSubscriptionAvailable: 0 }),
    ...(options.subscriptionIdentifiersAvailable ? {} : { subscriptionIdentifiersAvailable: 0 }),
    ...(options.sharedSubscriptionAvailable ? {} : { sharedSubscriptionAvailable: 0 }),
    // [MQTT-3.1.2-21]
    ...(terms.keepAlive === asked.keepAlive ? {} : { serverKeepAlive: terms.keepAlive }),
    ...(sessionExpiryInterval === wantedSessionExpiry(asked) ? {} : { sessionExpiryInterval }),
  };
}

/** Clean Session 1 is expiry 0, Clean Session 0 is no expiry at all. */
function wantedSessionExpiry({ protocolVersion, cleanStart, properties }: ConnectPacket): number {
  if (protocolVersion === 5) return properties.sessionExpiryInterval ?? 0;
  return cleanStart ? 0 : 0xffff_ffff;
}

/** Only MQTT 5.0 clients can be told another value than theirs; the others are held to their own. */
function keepAliveInForce(connect: ConnectPacket, own: ClientLimits, maximum: number): number {
  const { keepAlive, protocolVersion } = connect;
  if (protocolVersion !== 5) return keepAlive;
  if (own.serverKeepAlive !== undefined) return own.serverKeepAlive;
  if (maximum === 0) return keepAlive;
  return keepAlive === 0 || keepAlive > maximum ? maximum : keepAlive;
}
