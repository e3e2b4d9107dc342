import type { ByteChannel, PublishOptions } from '@carillon/hooks';
import type {
  ConnackPacket,
  ConnectPacket,
  Packet,
  PacketType,
  ProtocolVersion,
  SubackPacket,
} from '@carillon/protocol';
import { channelPair, Laboratory } from '@carillon/testkit';
import { createBroker } from 'carillon';
import type { BridgeOptions } from '../src/link-options.ts';
import { MqttBridge } from '../src/mqtt-bridge.ts';
import { Peer } from '../src/peer.ts';

type OfType<Type extends PacketType> = Extract<Packet, { type: Type }>;

/** One connection to a remote broker of which the test plays the part. */
export class ScriptedConnection {
  readonly host: string;
  readonly #laboratory: Laboratory;
  readonly #server: ByteChannel;
  readonly #peer: Peer;

  constructor(host: string, laboratory: Laboratory, server: ByteChannel, version: ProtocolVersion) {
    this.host = host;
    this.#laboratory = laboratory;
    this.#server = server;
    this.#peer = new Peer(server, { version, maximumPacketSize: 1_000_000 });
  }

  /** The next packet has to be of this type. */
  async expect<Type extends PacketType>(type: Type): Promise<OfType<Type>> {
    const coming = this.#peer.receive();
    const arrived = coming.then(
      (packet) => ({ packet }),
      (error: unknown) => ({ error }),
    );
    await this.#laboratory.settle();
    const what = await Promise.race([arrived, Promise.resolve(undefined)]);
    if (what === undefined) throw new Error(`expected ${type}, but nothing came`);
    if ('error' in what) throw new Error(`expected ${type}, but ${String(what.error)}`);
    if (!isOf(what.packet, type)) throw new Error(`expected ${type}, but ${what.packet.type} came`);
    return what.packet;
  }

  send(packet: Packet): Promise<void> {
    this.#peer.send(packet);
    return this.#laboratory.settle();
  }

  sendBytes(...bytes: number[]): Promise<void> {
    this.#server.write([Uint8Array.from(bytes)]);
    return this.#laboratory.settle();
  }

  /** Takes CONNECT and answers it. */
  async accept(answer: Partial<ConnackPacket> = {}): Promise<ConnectPacket> {
    const connect = await this.expect('connect');
    await this.send({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {}, ...answer });
    return connect;
  }

  /** Takes SUBSCRIBE and grants it. */
  async grant(answer: Partial<SubackPacket> = {}): Promise<OfType<'subscribe'>> {
    const subscribe = await this.expect('subscribe');
    const { packetId, subscriptions } = subscribe;
    const reasonCodes = subscriptions.map(({ qos }) => qos);
    await this.send({ type: 'suback', packetId, reasonCodes, properties: {}, ...answer });
    return subscribe;
  }

  async end(): Promise<void> {
    this.#server.end();
    await this.#laboratory.settle();
  }

  async cut(): Promise<void> {
    this.#server.destroy();
    await this.#laboratory.settle();
  }
}

function isOf<Type extends PacketType>(packet: Packet, type: Type): packet is OfType<Type> {
  return packet.type === type;
}

/** A broker with one bridge, and remote brokers that say what the test wants. */
export class ScriptedWorld {
  readonly laboratory = new Laboratory();
  readonly connections: ScriptedConnection[] = [];
  readonly unreachable = new Set<string>();
  readonly bridge: MqttBridge;
  readonly broker;

  constructor(options: Partial<BridgeOptions> = {}, { version = 5 }: { version?: ProtocolVersion } = {}) {
    const bridge: BridgeOptions = {
      name: 'far',
      addresses: 'mqtt://far',
      topics: ['out/# out 2', 'in/# in 2'],
      notifications: false,
      ...options,
    };
    this.bridge = new MqttBridge(
      { brokerId: 'here', bridges: [bridge], systemTopicInterval: 0 },
      async ({ host }, _, signal) => {
        if (host === 'silent') {
          return new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(new Error('given up'))),
          );
        }
        if (this.unreachable.has(host)) throw new Error('nobody listens there');
        const [client, server] = channelPair(this.laboratory);
        this.connections.push(new ScriptedConnection(host, this.laboratory, server, version));
        return client;
      },
    );
    this.broker = createBroker({ ...this.laboratory.platform, systemTopicInterval: 0 });
    this.broker.use(this.bridge);
  }

  async start(): Promise<this> {
    await this.broker.start();
    await this.laboratory.settle();
    return this;
  }

  /** The newest connection. */
  get line(): ScriptedConnection {
    const line = this.connections.at(-1);
    if (line === undefined) throw new Error('nobody has connected');
    return line;
  }

  get state() {
    const state = this.bridge.state.get('far');
    if (state === undefined) throw new Error('the bridge is gone');
    return state;
  }

  /** The host publishes, and everything happens that comes of it. */
  async publish(topic: string, payload: string, options: PublishOptions = {}): Promise<void> {
    const published = this.broker.publish(topic, payload, options);
    await this.laboratory.settle();
    await published;
  }

  client(clientId: string) {
    return this.laboratory.connect(this.broker, { clientId });
  }
}
