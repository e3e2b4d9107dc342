import { isDeepStrictEqual } from 'node:util';
import type { ByteChannel } from '@carillon/hooks';
import {
  encode,
  type Packet,
  PacketReader,
  type PacketType,
  type ProtocolVersion,
  type PublishPacket,
} from '@carillon/protocol';
import { Conversation } from './conversation.ts';
import { describePacket } from './describe-packet.ts';
import { ExpectationError } from './expectation-error.ts';
import { completePacket, type PacketDraft } from './packet-draft.ts';
import type { World } from './world.ts';

/** The packet of a type: `PacketOf<'publish'>` is `PublishPacket`. */
export type PacketOf<Type extends PacketType> = Extract<Packet, { type: Type }>;

/** What a packet must have besides its type. Fields that are not named may be anything. */
export type PacketFields<Type extends PacketType> = Partial<Omit<PacketOf<Type>, 'type'>>;

/** A client's end of a connection, which can also go as clients do. */
export interface ClientChannel extends ByteChannel {
  /** Closes at once, and lets the other end know by an error. */
  reset(): void;
  /** Is gone, and tells nobody. */
  vanish(): void;
}

/** The largest packet there is in MQTT: four bytes of remaining length, and the fixed header. */
const LARGEST_PACKET = 268_435_455 + 5;

/**
 * The client's end of a connection, packet by packet: it sends what it is told, keeps what comes, and says
 * clearly what is missing. It answers nothing by itself. `PacketClient` knows whole conversations as well.
 */
export class PacketConnection {
  /** Named in messages. */
  readonly name: string;
  /** What bytes are read and written as. */
  readonly protocolVersion: ProtocolVersion;
  readonly #channel: ClientChannel;
  readonly #world: World;
  readonly #reader: PacketReader;
  readonly #conversation = new Conversation();
  readonly #inbox: Packet[] = [];
  #state: 'open' | 'closed' = 'open';
  #closeError: Error | undefined;
  /** Set when the server sent what is no packet. */
  #undecodable: Error | undefined;

  constructor(
    name: string,
    protocolVersion: ProtocolVersion,
    channel: ClientChannel,
    world: World,
    changed: () => void = () => {},
  ) {
    this.name = name;
    this.protocolVersion = protocolVersion;
    this.#channel = channel;
    this.#world = world;
    this.#reader = new PacketReader({ maximumPacketSize: LARGEST_PACKET, protocolVersion });
    channel.open({
      received: (chunk) => {
        this.#read(chunk);
        changed();
      },
      drained: () => {},
      closed: (error) => {
        this.#noteClosed(error);
        changed();
      },
    });
  }

  /** True once the connection is over, whoever ended it. */
  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** Why the connection ended, when it did not end in order. */
  get closeError(): Error | undefined {
    return this.#closeError;
  }

  /** How many packets came that no statement of the test has taken yet. */
  get unread(): number {
    return this.#inbox.length;
  }

  /** What was said so far, one packet in a line. */
  get conversation(): string {
    return this.#conversation.toString();
  }

  /** Bytes that were sent and that the transport has not taken. */
  get unsentBytes(): number {
    return this.#channel.unsentBytes;
  }

  /**
   * Sends a packet, of which only what matters has to be said. It arrives when the world settles, which the
   * next awaited statement sees to; several packets may be sent before.
   *
   * Throws an `ExpectationError` when the connection is known to be over.
   */
  send(draft: PacketDraft): void {
    this.#expectOpen(`send ${draft.type.toUpperCase()}`);
    const packet = completePacket(draft, this.protocolVersion);
    this.#conversation.sent(packet);
    this.#channel.write([encode(packet, this.protocolVersion)]);
  }

  /** Sends bytes as they are, or hexadecimal digits with or without spaces: `'c0 00'`. */
  sendBytes(bytes: Uint8Array | readonly number[] | string): void {
    this.#expectOpen('send bytes');
    const sent = typeof bytes === 'string' ? bytesOfHexadecimal(bytes) : Uint8Array.from(bytes);
    this.#conversation.sentBytes(sent);
    this.#channel.write([sent]);
  }

  /** The next packet, whatever it is. Throws an `ExpectationError` when none came though the world is at rest. */
  async receive(): Promise<Packet> {
    return this.#next('a packet');
  }

  /** Lets the world settle and takes everything that has come. */
  async receiveAll(): Promise<Packet[]> {
    await this.#world.fallSilent();
    this.#expectReadable('packets');
    return this.#inbox.splice(0);
  }

  /**
   * The next packet, which must be of this type and have these fields.
   *
   * @example
   * ```ts
   * await client.expect('disconnect', { reasonCode: 0x8e });
   * ```
   */
  async expect<Type extends PacketType>(
    type: Type,
    fields: PacketFields<Type> = {},
  ): Promise<PacketOf<Type>> {
    const expected = describeExpected(type, fields);
    const packet = await this.#next(expected);
    if (matches(packet, type, fields)) return packet;
    throw this.#failure(`expected ${expected}, but received ${describePacket(packet)}`);
  }

  /** The first packet of this type with these fields; others that came before it stay where they are. */
  async take<Type extends PacketType>(type: Type, fields: PacketFields<Type> = {}): Promise<PacketOf<Type>> {
    const isWanted = (packet: Packet): packet is PacketOf<Type> => matches(packet, type, fields);
    await this.#world.settleUntil(() => this.#inbox.some(isWanted) || this.#isOver());
    const packet = this.#inbox.find(isWanted);
    if (packet === undefined) throw this.#missing(describeExpected(type, fields));
    this.#inbox.splice(this.#inbox.indexOf(packet), 1);
    return packet;
  }

  /** Nothing came, and the connection is still open: silence is not shown by a connection that is over. */
  async expectNothing(): Promise<void> {
    await this.#world.fallSilent();
    if (this.#inbox.length > 0)
      throw this.#failure(`expected nothing, but received ${this.#describeInbox()}`);
    this.#expectReadable('nothing');
    if (this.closed) throw this.#failure('expected nothing, but the connection is closed');
  }

  /** The server has closed the connection, and every packet that came before was taken. */
  async expectClosed(): Promise<void> {
    await this.#world.settleUntil(() => this.closed);
    if (!this.closed) throw this.#failure('expected the connection to be closed, but it is open');
    this.#expectReadable('the end of the connection');
    if (this.#inbox.length > 0) {
      throw this.#failure(`expected the connection to be closed, but before came ${this.#describeInbox()}`);
    }
  }

  /**
   * The server has ended the connection for this reason: in MQTT 5.0 by a DISCONNECT that says so, before by
   * closing without a word.
   */
  async expectDisconnect(reasonCode: number): Promise<void> {
    if (this.protocolVersion === 5) await this.expect('disconnect', { reasonCode });
    await this.expectClosed();
  }

  /** Ends the connection in order, without a DISCONNECT. */
  async end(): Promise<void> {
    this.#conversation.noted('→ (end of the connection)');
    this.#channel.end();
    await this.#world.settleUntil(() => this.closed);
  }

  /** The client crashes: the connection is reset. */
  async drop(): Promise<void> {
    this.#conversation.noted('→ (the connection is dropped)');
    this.#channel.reset();
    await this.#world.settleUntil(() => this.closed);
  }

  /** The client is gone and nobody is told, as when a cable is pulled. In memory only: throws a `TypeError` otherwise. */
  vanish(): void {
    this.#channel.vanish();
    this.#conversation.noted('→ (the client vanishes)');
  }

  /** From now on the client reads nothing: what the server sends piles up. */
  stopReading(): void {
    this.#channel.pause();
  }

  /** Reads again, what piled up first. */
  startReading(): void {
    this.#channel.resume();
  }

  /** Lets happen what can happen now. */
  settle(): Promise<void> {
    return this.#world.settle();
  }

  #read(chunk: Uint8Array): void {
    if (this.#undecodable !== undefined) return;
    try {
      // A plain array, so that payloads compare as such: a Buffer's parts are Buffers.
      this.#reader.feed(new Uint8Array(chunk));
      for (let packet = this.#reader.next(); packet !== undefined; packet = this.#reader.next()) {
        this.#keep(packet);
      }
    } catch (error) {
      this.#undecodable = error instanceof Error ? error : new Error(String(error));
      this.#conversation.noted(`← what is no packet: ${this.#undecodable.message}`);
    }
  }

  #keep(read: Packet): void {
    const packet = read.type === 'publish' ? plainPublish(read) : read;
    this.#conversation.received(packet);
    this.#inbox.push(packet);
  }

  #noteClosed(error: Error | undefined): void {
    this.#state = 'closed';
    this.#closeError = error;
    this.#conversation.noted(`← (closed${error === undefined ? '' : `: ${error.message}`})`);
  }

  /** Nothing more can come. */
  #isOver(): boolean {
    return this.closed || this.#undecodable !== undefined;
  }

  async #next(expected: string): Promise<Packet> {
    await this.#world.settleUntil(() => this.#inbox.length > 0 || this.#isOver());
    const packet = this.#inbox.shift();
    if (packet === undefined) throw this.#missing(expected);
    return packet;
  }

  #missing(expected: string): ExpectationError {
    this.#expectReadable(expected);
    const instead = this.#inbox.length === 0 ? 'nothing came' : `received ${this.#describeInbox()}`;
    return this.#failure(`expected ${expected}, but ${instead}, and the connection is ${this.#state}`);
  }

  #expectOpen(doing: string): void {
    if (this.closed) throw this.#failure(`cannot ${doing}: the connection is closed`);
  }

  #expectReadable(expected: string): void {
    if (this.#undecodable === undefined) return;
    const what = `expected ${expected}, but the server sent what is no packet: ${this.#undecodable.message}`;
    throw this.#failure(what, this.#undecodable);
  }

  #describeInbox(): string {
    return this.#inbox.map(describePacket).join('; ');
  }

  #failure(what: string, cause?: Error): ExpectationError {
    const message = `${this.name}: ${what}.\n\nWhat was said:\n${this.#conversation}`;
    return new ExpectationError(message, cause === undefined ? {} : { cause });
  }
}

/** A reader's PUBLISH knows its place in the bytes too: without that, packets can be compared. */
function plainPublish({ type, topic, payload, qos, retain, dup, packetId, properties }: PublishPacket) {
  return { type, topic, payload, qos, retain, dup, packetId, properties };
}

function matches<Type extends PacketType>(
  packet: Packet,
  type: Type,
  fields: PacketFields<Type>,
): packet is PacketOf<Type> {
  if (packet.type !== type) return false;
  const had = new Map<string, unknown>(Object.entries(packet));
  return Object.entries(fields).every(([name, value]) => isDeepStrictEqual(had.get(name), value));
}

function describeExpected<Type extends PacketType>(type: Type, fields: PacketFields<Type>): string {
  const wanted = Object.entries(fields).map(([name, value]) => `${name} ${describeWanted(name, value)}`);
  return `${type.toUpperCase()} ${wanted.length === 0 ? '' : `with ${wanted.join(', ')}`}`.trimEnd();
}

function describeWanted(name: string, value: unknown): string {
  return name === 'reasonCode' ? `0x${Number(value).toString(16).toUpperCase()}` : JSON.stringify(value);
}

function bytesOfHexadecimal(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new TypeError(`These are no hexadecimal bytes: ${text}`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}
