import type { Broker } from '@carillon/hooks';
import {
  type ConnectPacket,
  type Packet,
  ReasonCode,
  reasonCodeName,
  type SubackPacket,
  type SubscribePacket,
} from '@carillon/protocol';
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
  /** Of the bridge as a whole: publishes what comes in, so that No Local keeps it from going out again. */
  readonly bridge: string;
  /** Has the subscriptions: what is to go out waits there. */
  readonly out: string;
  /** Brings in what comes. */
  readonly in: string;
  /** The topics out that are this connection's, of those of all. */
  readonly part: { readonly index: number; readonly of: number };
}

/** @param lane The number of the connection, of so many; a higher one is of a connection that is to end. */
export function localNames(name: string, lane: number, of: number): LocalNames {
  const bridge = bridgeName(name);
  const out = lane === 0 ? bridge : `${bridge}:out:${lane}`;
  return { bridge, out, in: `${bridge}:in:${lane}`, part: { index: lane, of: Math.max(of, lane + 1) } };
}

export function bridgeName(name: string): string {
  return `bridge:${name}`;
}

/** What follows the name of the bridge. */
const aLane = /^:(?:out|in):(\d+)$/;

/** Connections that the bridge had before it was given fewer, whose sessions here are still there. */
export function formerLanes({ broker }: Surroundings, name: string, connections: number): number[] {
  const bridge = bridgeName(name);
  const lanes = Array.from(broker.sessions(), ({ clientId }) => {
    const [, number = '0'] = clientId.startsWith(bridge)
      ? (aLane.exec(clientId.slice(bridge.length)) ?? [])
      : [];
    return Number(number);
  });
  return [...new Set(lanes)].filter((lane) => lane >= connections);
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
  const { in: clientId, bridge: publisherId } = names;
  const channel = broker.connectInProcess({ clientId, publisherId, origin: 'bridge' });
  const peer = new Peer(channel, { version: 5, maximumPacketSize });
  peer.send(connectPacket(clientId, { cleanStart }));
  return { peer, terms: await welcome(peer, clientId) };
}

/** Connects under the name that messages wait for. */
export async function connectOut(
  surroundings: Surroundings,
  names: LocalNames,
  receiveMaximum: number,
): Promise<Peer> {
  const peer = openOut(surroundings, names, receiveMaximum);
  await welcome(peer, names.out);
  return peer;
}

function openOut({ broker }: Surroundings, names: LocalNames, receiveMaximum: number): Peer {
  const { out: clientId, bridge: publisherId, part } = names;
  const channel = broker.connectInProcess({ clientId, publisherId, part, origin: 'bridge' });
  const peer = new Peer(channel, { version: 5, maximumPacketSize });
  peer.send(connectPacket(clientId, { cleanStart: false, receiveMaximum }));
  return peer;
}

/**
 * Brings the session's subscriptions into line with the rules, so that messages wait from now on: in a broker that has
 * not started yet, from the start. Retained messages come later, when the remote broker is there to take them.
 */
export async function subscribeOut(
  surroundings: Surroundings,
  names: LocalNames,
  rules: readonly TopicRule[],
  signal: AbortSignal,
): Promise<void> {
  const peer = openOut(surroundings, names, 1);
  const giveUp = (): void => peer.fail(new BridgeError('BRIDGE_CONNECTION_LOST', 'the bridge was stopped'));
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    await settleSubscriptions(surroundings, peer, names, filtersFrom('local', rules));
    peer.close({ type: 'disconnect', reasonCode: 0, properties: {} });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function settleSubscriptions(
  { broker }: Surroundings,
  peer: Peer,
  names: LocalNames,
  wanted: ReadonlyMap<string, TopicRule>,
): Promise<void> {
  // CONNACK is not waited for: what is published meanwhile has to find the subscription. [MQTT-3.1.4-6]
  if (wanted.size > 0) peer.send(subscribeRequest(wanted, 2));
  await welcome(peer, names.out);
  if (wanted.size > 0) checkGranted(wanted, await answerTo(peer, 'suback'));
  const old = broker.subscriptions(names.out).map(({ filter }) => filter);
  const filters = old.filter((filter) => !wanted.has(filter));
  if (filters.length === 0) return;
  peer.send({ type: 'unsubscribe', packetId: 1, filters, properties: {} });
  await answerTo(peer, 'unsuback');
}

function checkGranted(wanted: ReadonlyMap<string, TopicRule>, suback: SubackPacket): void {
  const refused = suback.reasonCodes.findIndex((code) => code >= 0x80);
  if (refused !== -1) {
    const filter = [...wanted.keys()][refused];
    const why = reasonCodeName(suback.reasonCodes[refused] ?? 0);
    throw new BridgeError(
      'BRIDGE_LOCAL_REFUSED',
      `this broker does not grant the subscription "${filter}": ${why}`,
    );
  }
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
  peer.send(connectPacket(clientId, { cleanStart: true }));
  await welcome(peer, clientId);
  peer.close({ type: 'disconnect', reasonCode: 0, properties: {} });
  broker.endSession(clientId);
}

function connectPacket(
  clientId: string,
  { cleanStart, receiveMaximum }: { cleanStart: boolean; receiveMaximum?: number },
): ConnectPacket {
  return {
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
  };
}

/** @throws {BridgeError} `BRIDGE_LOCAL_REFUSED` */
async function welcome(peer: Peer, clientId: string): Promise<LocalTerms> {
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
