import type { ByteChannel, Scheduler } from '@carillon/hooks';
import { encode, type Packet, PacketReader, type ProtocolVersion } from '@carillon/protocol';
import type { ConnectionTarget } from '@carillon/testkit';

/** The least that a client can talk to: exact filters, QoS 0 deliveries, whatever QoS was published. */
export class TinyBroker implements ConnectionTarget {
  readonly remotes: unknown[] = [];
  readonly received: Packet[] = [];
  /** What CONNECT is answered with. */
  connectReasonCode = 0;
  /** What SUBSCRIBE is granted. */
  deliveredQoS: 0 | 1 | 2 = 0;
  /** Packet types that are answered with silence. */
  readonly silentOn = new Set<Packet['type']>();
  #tellClosed: (error: Error | undefined) => void = () => {};
  readonly #scheduler: Scheduler | undefined;
  readonly #connections = new Set<TinyConnection>();

  constructor(scheduler?: Scheduler) {
    this.#scheduler = scheduler;
  }

  handle(channel: ByteChannel, remote: unknown): void {
    this.remotes.push(remote);
    const connection: TinyConnection = {
      channel,
      reader: new PacketReader({ maximumPacketSize: 1_000_000 }),
      filters: new Set(),
      version: 5,
    };
    this.#connections.add(connection);
    channel.open({
      received: (chunk) => this.#read(connection, chunk),
      drained: () => {},
      closed: (error) => {
        this.#connections.delete(connection);
        this.#tellClosed(error);
      },
    });
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Says something unasked, to everybody. */
  say(packet: Packet): void {
    for (const connection of this.#connections) this.#send(connection, packet);
  }

  sayBytes(bytes: Uint8Array): void {
    for (const { channel } of this.#connections) channel.write([bytes]);
  }

  closeAll(): void {
    for (const { channel } of this.#connections) channel.end();
  }

  /** Why the next connection that ends did so. */
  nextClose(): Promise<Error | undefined> {
    return new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
  }

  #read(connection: TinyConnection, chunk: Uint8Array): void {
    try {
      connection.reader.feed(chunk);
      for (let packet = connection.reader.next(); packet; packet = connection.reader.next()) {
        this.received.push(packet);
        if (!this.silentOn.has(packet.type)) this.#answer(connection, packet);
      }
    } catch {
      connection.channel.destroy();
    }
  }

  #answer(connection: TinyConnection, packet: Packet): void {
    if (packet.type === 'connect') connection.version = packet.protocolVersion;
    if (packet.type === 'subscribe') {
      for (const { filter } of packet.subscriptions) connection.filters.add(filter);
    }
    if (packet.type === 'unsubscribe') {
      for (const filter of packet.filters) connection.filters.delete(filter);
    }
    if (packet.type === 'publish') {
      for (const receiver of this.#connections) {
        if (receiver.filters.has(packet.topic)) this.#deliver(receiver, packet.topic, packet.payload);
      }
    }
    if (packet.type === 'disconnect') connection.channel.end();
    const answer = this.#answerTo(packet);
    if (answer !== undefined) this.#send(connection, answer);
  }

  #answerTo(packet: Packet): Packet | undefined {
    const properties = {};
    const done = { reasonCode: 0, properties };
    switch (packet.type) {
      case 'connect':
        return { type: 'connack', sessionPresent: false, reasonCode: this.connectReasonCode, properties };
      case 'subscribe': {
        const reasonCodes = packet.subscriptions.map(({ qos }) => qos);
        return { type: 'suback', packetId: packet.packetId, reasonCodes, properties };
      }
      case 'unsubscribe': {
        const reasonCodes = packet.filters.map(() => 0);
        return { type: 'unsuback', packetId: packet.packetId, reasonCodes, properties };
      }
      case 'publish': {
        if (packet.qos === 0) return undefined;
        return { type: packet.qos === 1 ? 'puback' : 'pubrec', packetId: packet.packetId, ...done };
      }
      case 'pubrec':
        return { type: 'pubrel', packetId: packet.packetId, ...done };
      case 'pubrel':
        return { type: 'pubcomp', packetId: packet.packetId, ...done };
      case 'pingreq':
        return { type: 'pingresp' };
      default:
        return undefined;
    }
  }

  #deliver(receiver: TinyConnection, topic: string, payload: Uint8Array): void {
    const qos = this.deliveredQoS;
    const packetId = qos === 0 ? 0 : 77;
    const flags = { retain: false, dup: false, properties: {} };
    this.#send(receiver, { type: 'publish', topic, payload, qos, packetId, ...flags });
  }

  /** At the end of the turn, as brokers do. */
  #send(connection: TinyConnection, packet: Packet): void {
    const send = () => connection.channel.write([encode(packet, connection.version)]);
    if (this.#scheduler === undefined) send();
    else this.#scheduler.atEndOfTurn(send);
  }
}

interface TinyConnection {
  readonly channel: ByteChannel;
  readonly reader: PacketReader;
  readonly filters: Set<string>;
  version: ProtocolVersion;
}
