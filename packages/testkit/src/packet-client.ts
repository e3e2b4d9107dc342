import { connect as connectSocket, type NetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ByteChannel, Remote } from '@carillon/hooks';
import type {
  ConnackPacket,
  DisconnectProperties,
  ProtocolVersion,
  PubackPacket,
  PubcompPacket,
  PublishPacket,
  PublishProperties,
  PubrecPacket,
  QoS,
  SubackPacket,
  SubscribeProperties,
  SubscriptionRequest,
  UnsubackPacket,
  UserProperties,
} from '@carillon/protocol';
import { type ChannelPairOptions, channelPair } from './channel-pair.ts';
import { ExpectationError } from './expectation-error.ts';
import type { Laboratory } from './laboratory.ts';
import { PacketConnection } from './packet-connection.ts';
import {
  type ConnectDraft,
  completeConnect,
  completeSubscription,
  type PayloadDraft,
  payloadBytes,
  type SubscriptionDraft,
} from './packet-draft.ts';
import { streamChannel } from './stream-channel.ts';
import { RealTime, type RealTimeOptions, worldOf } from './world.ts';

/** What a client connects to: a broker, or anything else that takes a byte channel. */
export interface ConnectionTarget {
  /** Takes the connection over. A broker does. */
  handle(channel: ByteChannel, remote: Remote): unknown;
}

/** What holds for a client however it is connected. */
export interface PacketClientOptions {
  /** Default: 5. */
  protocolVersion?: ProtocolVersion;
  /** For messages, and the client id where a CONNECT names none. Default: `client-1`, `client-2`, … */
  name?: string;
}

/** How a client is connected in a laboratory. */
export interface LaboratoryClientOptions extends PacketClientOptions {
  laboratory: Laboratory;
  /** What the broker is told of this client's end. Default: an unencrypted stream without address. */
  remote?: Partial<Remote>;
  /** How bytes travel: cuts, capacity, latency, a break. */
  channel?: ChannelPairOptions;
  /** Puts something between the broker and its end, such as a `faultyChannel`. */
  wrap?: (serverEnd: ByteChannel) => ByteChannel;
}

/** How a client is connected in the real world. */
export interface RealClientOptions extends PacketClientOptions, RealTimeOptions {}

/** What a SUBSCRIBE says besides its filters; the options of a subscription hold for each that has none. */
export interface SubscribeOptions extends Partial<Omit<SubscriptionRequest, 'filter'>> {
  properties?: SubscribeProperties;
  packetId?: number;
}

/** What a PUBLISH says besides topic and payload. */
export interface PublishOptions {
  qos?: QoS;
  retain?: boolean;
  dup?: boolean;
  properties?: PublishProperties;
  /** Default: the next free one, where the QoS asks for one. */
  packetId?: number;
}

/** A message that came, its payload as text besides. */
export interface ReceivedMessage extends PublishPacket {
  readonly text: string;
}

/**
 * An MQTT client for tests: it says exactly what it is told, packet by packet, right or wrong, and shows
 * exactly what came.
 *
 * Where it lives decides about waiting. In a laboratory nothing waits in real time: what has not come when
 * the world is at rest does not come, and the statement that expected it fails at once. Over a socket, it
 * fails after `timeout`.
 *
 * @example
 * ```ts
 * const laboratory = new Laboratory();
 * const client = PacketClient.connect(broker, { laboratory });
 * await client.connectPacket({ clientId: 'sensor-7' });
 * await client.subscribe('orders/+', { qos: 1 });
 * await client.publish('orders/7', 'two lamps', { qos: 1 });
 * expect((await client.receiveMessage()).text).toBe('two lamps');
 * ```
 */
export class PacketClient extends PacketConnection {
  #lastPacketId = 0;
  #connack: ConnackPacket | undefined;

  /** Connects in memory. Nothing is sent yet: `connectPacket` begins the conversation. */
  static connect(target: ConnectionTarget, options: LaboratoryClientOptions): PacketClient {
    const { laboratory, protocolVersion = 5, name = laboratory.nameClient(), wrap = (end) => end } = options;
    const [clientEnd, serverEnd] = channelPair(laboratory, { name, ...options.channel });
    target.handle(wrap(serverEnd), { transport: 'stream', encrypted: false, ...options.remote });
    return new PacketClient(name, protocolVersion, clientEnd, worldOf(laboratory));
  }

  /** Connects over TCP or a Unix socket, in the real world. Rejects when the connection fails. */
  static async overSocket(address: NetConnectOpts, options: RealClientOptions = {}): Promise<PacketClient> {
    const socket = connectSocket(address);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return PacketClient.overStream(socket, options);
  }

  /** Speaks over any stream that is connected, such as TLS or a WebSocket's stream, in the real world. */
  static overStream(stream: Duplex, options: RealClientOptions = {}): PacketClient {
    const { protocolVersion = 5, name = `client-${process.pid}-${++clientsOverStreams}` } = options;
    const world = new RealTime(options);
    return new PacketClient(name, protocolVersion, streamChannel(stream), world, () => world.changed());
  }

  /**
   * Sends CONNECT and expects CONNACK, whatever its reason code. Without more said: the client's name as
   * client id, clean start, no keep alive.
   */
  async connectPacket(draft: ConnectDraft = {}): Promise<ConnackPacket> {
    this.send(completeConnect({ clientId: this.name, ...draft }, this.protocolVersion));
    this.#connack = await this.expect('connack');
    return this.#connack;
  }

  /** What the server answered to CONNECT. Throws an `ExpectationError` where it has not answered yet. */
  get connack(): ConnackPacket {
    if (this.#connack === undefined) throw new ExpectationError(`${this.name}: no CONNACK was received yet.`);
    return this.#connack;
  }

  /** Sends SUBSCRIBE and waits for its SUBACK; what comes besides is left to be received. */
  async subscribe(
    filters: SubscriptionDraft | readonly SubscriptionDraft[],
    options: SubscribeOptions = {},
  ): Promise<SubackPacket> {
    const { properties = {}, packetId = this.nextPacketId(), ...forEach } = options;
    const subscriptions = list(filters).map((filter) => ({ ...forEach, ...draftOf(filter) }));
    this.send({
      type: 'subscribe',
      packetId,
      properties,
      subscriptions: subscriptions.map(completeSubscription),
    });
    return this.take('suback', { packetId });
  }

  /** Sends UNSUBSCRIBE and waits for its UNSUBACK; what comes besides is left to be received. */
  async unsubscribe(
    filters: string | readonly string[],
    options: { properties?: UserProperties; packetId?: number } = {},
  ): Promise<UnsubackPacket> {
    const { properties = {}, packetId = this.nextPacketId() } = options;
    this.send({ type: 'unsubscribe', packetId, properties, filters: list(filters) });
    return this.take('unsuback', { packetId });
  }

  /**
   * Publishes, and goes through with what the QoS asks for: the last acknowledgement comes back, which for
   * QoS 2 is PUBREC where the server refused with it. With QoS 0 there is none.
   */
  async publish(
    topic: string,
    payload: PayloadDraft | undefined,
    options: PublishOptions & { qos: 1 },
  ): Promise<PubackPacket>;
  async publish(
    topic: string,
    payload: PayloadDraft | undefined,
    options: PublishOptions & { qos: 2 },
  ): Promise<PubrecPacket | PubcompPacket>;
  async publish(
    topic: string,
    payload?: PayloadDraft,
    options?: PublishOptions,
  ): Promise<PubackPacket | PubrecPacket | PubcompPacket | undefined>;
  async publish(
    topic: string,
    payload: PayloadDraft = '',
    options: PublishOptions = {},
  ): Promise<PubackPacket | PubrecPacket | PubcompPacket | undefined> {
    const { qos, packetId } = this.publishOnly(topic, payload, options);
    if (qos === 1) return this.take('puback', { packetId });
    if (qos === 2) return this.#finishExactlyOnce(packetId);
    await this.settle();
    return undefined;
  }

  /** Sends PUBLISH and nothing more, not waiting for anything. Says what was sent. */
  publishOnly(topic: string, payload: PayloadDraft = '', options: PublishOptions = {}): PublishPacket {
    const { qos = 0, retain = false, dup = false, properties = {} } = options;
    const { packetId = qos === 0 ? 0 : this.nextPacketId() } = options;
    const packet: PublishPacket = {
      type: 'publish',
      topic,
      payload: payloadBytes(payload),
      qos,
      retain,
      dup,
      packetId,
      properties,
    };
    this.send(packet);
    return packet;
  }

  /** Goes through with what the QoS of a received message asks of its receiver. */
  async ack(message: PublishPacket): Promise<void> {
    const { qos, packetId } = message;
    if (qos === 1) this.send({ type: 'puback', packetId });
    if (qos === 2) {
      this.send({ type: 'pubrec', packetId });
      await this.take('pubrel', { packetId });
      this.send({ type: 'pubcomp', packetId });
    }
    await this.settle();
  }

  /** The next packet must be a PUBLISH; it is acknowledged as its QoS asks. */
  async receiveMessage(): Promise<ReceivedMessage> {
    const message = await this.expect('publish');
    await this.ack(message);
    return { ...message, text: new TextDecoder().decode(message.payload) };
  }

  /** Sends PINGREQ and waits for PINGRESP. */
  async ping(): Promise<void> {
    this.send({ type: 'pingreq' });
    await this.take('pingresp');
  }

  /** Sends DISCONNECT and ends the connection, as a client must. */
  async disconnect(options: { reasonCode?: number; properties?: DisconnectProperties } = {}): Promise<void> {
    this.send({ type: 'disconnect', ...options });
    await this.end();
  }

  /** A packet id that the next request may use: 1 to 65,535, then from the beginning. */
  nextPacketId(): number {
    this.#lastPacketId = (this.#lastPacketId % 0xffff) + 1;
    return this.#lastPacketId;
  }

  async #finishExactlyOnce(packetId: number): Promise<PubrecPacket | PubcompPacket> {
    const pubrec = await this.take('pubrec', { packetId });
    // 0x80 and above: the server will not have it, and the packet id is free again.
    if (pubrec.reasonCode >= 0x80) return pubrec;
    this.send({ type: 'pubrel', packetId });
    return this.take('pubcomp', { packetId });
  }
}

/** Tells clients over streams apart, whatever process they are in. */
let clientsOverStreams = 0;

function list<Item>(items: Item | readonly Item[]): readonly Item[] {
  return isList(items) ? items : [items];
}

function isList<Item>(items: Item | readonly Item[]): items is readonly Item[] {
  return Array.isArray(items);
}

function draftOf(filter: SubscriptionDraft): Exclude<SubscriptionDraft, string> {
  return typeof filter === 'string' ? { filter } : filter;
}
