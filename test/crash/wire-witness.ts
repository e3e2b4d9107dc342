import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Packet, PacketReader, type ProtocolVersion } from '@carillon/protocol';

/** Which way a message went over the line. */
export type Way = 'out' | 'in';

/** One message as it was seen on the line. */
interface Sighting {
  /** Lives of the far side in which its receiver acknowledged it. */
  readonly acknowledged: Set<number>;
  /** Lives of the far side in which it went over the line. */
  readonly seen: Set<number>;
}

/**
 * A stretch of line that passes everything on and reads it on the way: what either side has taken over, and in which
 * life of the far side. What that one forgets when it is killed can so be told from what a bridge loses.
 */
export class WireWitness implements AsyncDisposable {
  readonly #sightings = { out: new Map<string, Sighting>(), in: new Map<string, Sighting>() };
  readonly #version: ProtocolVersion;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #life = 1;
  /** Connections that wait for the line to be let go; undefined while it is. */
  #held: Socket[] | undefined = undefined;

  private constructor(target: number, version: ProtocolVersion) {
    this.#target = target;
    this.#version = version;
    this.#server = createServer((socket) => this.#join(socket));
  }

  static async open(target: number, version: ProtocolVersion): Promise<WireWitness> {
    const witness = new WireWitness(target, version);
    await new Promise<void>((resolve) => witness.#server.listen(0, '127.0.0.1', resolve));
    return witness;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the line is not open');
    return address.port;
  }

  /** The far side was killed. Nobody gets through to its next life until `release`. */
  farSideDied(): void {
    this.#life++;
    this.#held = [];
  }

  /** Lets those through who wait. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const socket of held) this.#join(socket);
  }

  /**
   * Whether the message has to be where it was to go, though the far side was killed: in, when the near side said that
   * it has it; out, unless the far side said so and was killed afterwards.
   */
  isOwed(way: Way, topic: string, payload: string): boolean {
    const acknowledged = this.#sighting(way, topic, payload)?.acknowledged ?? new Set();
    if (way === 'in') return acknowledged.size > 0;
    return acknowledged.size === 0 || acknowledged.has(this.#life);
  }

  /** Whether it had to do with a far side that was killed. */
  wasAtDeath(way: Way, topic: string, payload: string): boolean {
    const lives = this.#sighting(way, topic, payload)?.seen ?? new Set();
    return [...lives].some((life) => life < this.#life);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #sighting(way: Way, topic: string, payload: string): Sighting | undefined {
    return this.#sightings[way].get(`${topic} ${payload}`);
  }

  #join(near: Socket): void {
    if (this.#held !== undefined) {
      this.#held.push(near);
      this.#sockets.add(near);
      return;
    }
    const far = connect(this.#target, '127.0.0.1');
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    const life = this.#life;
    const exchanges = { out: new Map<number, Sighting>(), in: new Map<number, Sighting>() };
    this.#read(near, far, (packet) => this.#heed('out', packet, exchanges, life));
    this.#read(far, near, (packet) => this.#heed('in', packet, exchanges, life));
  }

  #read(from: Socket, to: Socket, heed: (packet: Packet) => void): void {
    const reader = new PacketReader({ protocolVersion: this.#version, maximumPacketSize: 1_000_000 });
    from.on('data', (chunk: Buffer) => {
      // Noted before it is passed on: who has it has been seen to get it.
      reader.feed(chunk);
      for (let packet = reader.next(); packet !== undefined; packet = reader.next()) heed(packet);
      to.write(chunk);
    });
  }

  #heed(way: Way, packet: Packet, exchanges: Record<Way, Map<number, Sighting>>, life: number): void {
    if (packet.type === 'publish') {
      const sighting = this.#note(way, packet.topic, new TextDecoder().decode(packet.payload));
      sighting.seen.add(life);
      exchanges[way].set(packet.packetId, sighting);
    } else if (packet.type === 'puback' || packet.type === 'pubrec') {
      if (packet.reasonCode >= 0x80) return;
      exchanges[way === 'out' ? 'in' : 'out'].get(packet.packetId)?.acknowledged.add(life);
    }
  }

  #note(way: Way, topic: string, payload: string): Sighting {
    const key = `${topic} ${payload}`;
    const known = this.#sightings[way].get(key);
    if (known !== undefined) return known;
    const sighting = { acknowledged: new Set<number>(), seen: new Set<number>() };
    this.#sightings[way].set(key, sighting);
    return sighting;
  }
}
