import type { Broker } from '@carillon/hooks';
import { type Packet, ReasonCode, reasonCodeName, type SubscribePacket } from '@carillon/protocol';
import { BridgeError } from './bridge-error.ts';
import { Peer } from './peer.ts';
import type { Surroundings } from './surroundings.ts';
import type { TopicRule } from './topic-rule.ts';
import { filtersFrom } from './translation.ts';

const never = 0xffff_ffff;
/** The broker's own limit stands before it. */
const maximumPacketSize = 268_435_460;

/** The sessions that a bridge has on its own broker. */
export interface LocalNames {
  /** Has the subscriptions: what is to go out waits there. */
  readonly out: string;
  /** Publishes what comes in, in the name of `out`, so that No Local keeps it from going out again. */
  readonly in: string;
}

export function localNames(name: string, lane: number): LocalNames {
  const out = `bridge:${name}`;
  return { out, in: `${out}:in:${lane}` };
}

/** What this broker says of itself in CONNACK. */
export interface LocalTerms {
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  readonly maximumQoS: 0 | 1 | 2;
  readonly retainAvailable: boolean;
}

/** Connects under the name that carries messages in. Known identifiers are forgotten when the remote session is new. */
export async function connectIn(
  { broker }: Surroundings,
  names: LocalNames,
  cleanStart: boolean,
): Promise<{ peer: Peer; terms: LocalTerms }> {
  const channel = broker.connectInProcess({ clientId: names.in, publisherId: names.out, origin: 'bridge' });
  const peer = new Peer(channel, { version: 5, maximumPacketSize });
  return { peer, terms: await greet(peer, names.in, { cleanStart }) };
}

/** Connects under the name that messages wait for. */
export async function connectOut(
  { broker }: Surroundings,
  names: LocalNames,
  receiveMaximum: number,
): Promise<Peer> {
  const channel = broker.connectInProcess({ clientId: names.out, origin: 'bridge' });
  const peer = new Peer(channel, { version: 5, maximumPacketSize });
  await greet(peer, names.out, { cleanStart: false, receiveMaximum });
  return peer;
}

/**
 * Brings the session's subscriptions into line with the rules, so that messages wait from now on. Retained messages
 * come later, when the remote broker is there to take them.
 */
export async function subscribeOut(
  surroundings: Surroundings,
  names: LocalNames,
  rules: readonly TopicRule[],
): Promise<void> {
  const { broker } = surroundings;
  const wanted = filtersFrom('local', rules);
  const peer = await connectOut(surroundings, names, 1);
  const old = broker.subscriptions(names.out).map(({ filter }) => filter);
  const filters = old.filter((filter) => !wanted.has(filter));
  if (filters.length > 0) {
    peer.send({ type: 'unsubscribe', packetId: 1, filters, properties: {} });
    await answerTo(peer, 'unsuback');
  }
  peer.send(subscribeRequest(wanted, 2));
  const suback = await answerTo(peer, 'suback');
  const refused = suback.reasonCodes.findIndex((code) => code >= 0x80);
  if (refused !== -1) {
    const filter = [...wanted.keys()][refused];
    const why = reasonCodeName(suback.reasonCodes[refused] ?? 0);
    throw new BridgeError(
      'BRIDGE_LOCAL_REFUSED',
      `this broker does not grant the subscription "${filter}": ${why}`,
    );
  }
  peer.close({ type: 'disconnect', reasonCode: 0, properties: {} });
}

/** Asks for what is retained here, for a remote broker that knows nothing yet. */
export function sendRetained(peer: Peer, rules: readonly TopicRule[]): void {
  const wanted = [...filtersFrom('local', rules)].filter(([, { retain }]) => retain !== 'clear');
  if (wanted.length > 0) peer.send(subscribeRequest(new Map(wanted), 0));
}

function subscribeRequest(rules: ReadonlyMap<string, TopicRule>, retainHandling: 0 | 2): SubscribePacket {
  return {
    type: 'subscribe',
    packetId: 2,
    subscriptions: Array.from(rules, ([filter, { qos }]) => ({
      filter,
      qos,
      noLocal: true,
      retainAsPublished: true,
      retainHandling,
    })),
    properties: {},
  };
}

/** Messages may come before the answer; they stay unacknowledged, and come again. */
async function answerTo<Type extends 'suback' | 'unsuback'>(
  peer: Peer,
  type: Type,
): Promise<Extract<Packet, { type: Type }>> {
  for (;;) {
    const packet = await peer.receive();
    if (isOf(packet, type)) return packet;
  }
}

function isOf<Type extends Packet['type']>(
  packet: Packet,
  type: Type,
): packet is Extract<Packet, { type: Type }> {
  return packet.type === type;
}

/** Settles when the broker runs: nobody is served before. */
export async function whenRunning(broker: Broker): Promise<void> {
  const clientId = 'bridge:';
  const peer = new Peer(broker.connectInProcess({ clientId }), { version: 5, maximumPacketSize });
  await greet(peer, clientId, { cleanStart: true });
  peer.close({ type: 'disconnect', reasonCode: 0, properties: {} });
  broker.endSession(clientId);
}

async function greet(
  peer: Peer,
  clientId: string,
  { cleanStart, receiveMaximum }: { cleanStart: boolean; receiveMaximum?: number },
): Promise<LocalTerms> {
  peer.send({
    type: 'connect',
    protocolVersion: 5,
    bridge: false,
    clientId,
    cleanStart,
    keepAlive: 0,
    properties: {
      sessionExpiryInterval: never,
      ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
    },
  });
  const connack = await peer.receive();
  if (connack.type !== 'connack' || connack.reasonCode !== ReasonCode.Success) {
    const why = connack.type === 'connack' ? reasonCodeName(connack.reasonCode) : connack.type;
    throw new BridgeError(
      'BRIDGE_LOCAL_REFUSED',
      `this broker does not take the session "${clientId}": ${why}`,
    );
  }
  const { properties } = connack;
  return {
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    maximumPacketSize: properties.maximumPacketSize ?? maximumPacketSize,
    maximumQoS: properties.maximumQoS ?? 2,
    retainAvailable: properties.retainAvailable !== 0,
  };
}
