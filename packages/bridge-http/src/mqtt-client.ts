import type { ByteChannel, ChannelReceiver } from '@carillon/hooks';
import {
  type ConnackPacket,
  type ConnectPacket,
  encode,
  type Packet,
  PacketReader,
  type PublishPacket,
  type SubackPacket,
  type SubscriptionRequest,
} from '@carillon/protocol';

/** The broker's own limit stands before it. */
const largestPacket = 268_435_460;

/** The conversation is over: the broker said why, or the connection was closed without a word. */
export class ConversationOver extends Error {
  override readonly name = 'ConversationOver';
  readonly reasonCode: number | undefined;

  constructor(reasonCode: number | undefined, reason: string) {
    super(reason);
    this.reasonCode = reasonCode;
  }
}

/** A message of ours, but for what the conversation gives it. */
export type OutgoingMessage = Omit<PublishPacket, 'type' | 'dup' | 'packetId'>;

/** How the broker has settled a message: by PUBACK, PUBCOMP, or a PUBREC that refuses it. */
export interface Settlement {
  readonly reasonCode: number;
  readonly reasonString: string | undefined;
}

interface Awaited {
  resolve(packet: Packet): void;
  reject(error: ConversationOver): void;
}

/**
 * The client's side of a connection to this broker. It begins on hold after CONNACK: messages are read from `release` on,
 * and not beyond a `hold`, which the broker feels as a client that does not read.
 */
export class MqttClient implements ChannelReceiver {
  readonly #channel: ByteChannel;
  readonly #reader = new PacketReader({ protocolVersion: 5, maximumPacketSize: largestPacket });
  #connack: Awaited | undefined = undefined;
  /** By packet identifier: who waits for what is to come for it. */
  readonly #awaited = new Map<number, Awaited>();
  #lastPacketId = 0;
  #isHeld = false;
  #isReading = false;
  #end: ConversationOver | undefined = undefined;
  /** A message came. */
  onMessage: (message: PublishPacket) => void = () => {};
  /** Told once, unless `leave` was called before. */
  onEnd: (end: ConversationOver) => void = () => {};

  constructor(channel: ByteChannel) {
    this.#channel = channel;
    channel.open(this);
  }

  /** @throws {ConversationOver} when the connection is closed before CONNACK. */
  connect(connect: ConnectPacket): Promise<ConnackPacket> {
    return new Promise((resolve, reject) => {
      this.#connack = {
        resolve: (packet) => {
          if (packet.type === 'connack') resolve(packet);
          else reject(new ConversationOver(undefined, `the broker answered ${packet.type} to CONNECT`));
        },
        reject,
      };
      this.#send(connect);
    });
  }

  /**
   * Resolves when the broker has settled the message; QoS 0 is never answered, and settled at once.
   *
   * @throws {ConversationOver}
   */
  async publish(message: OutgoingMessage): Promise<Settlement> {
    if (message.qos === 0) {
      this.#send({ type: 'publish', dup: false, packetId: 0, ...message });
      return { reasonCode: 0, reasonString: undefined };
    }
    const packetId = this.#nextPacketId();
    const first = await this.#ask({ type: 'publish', dup: false, packetId, ...message }, packetId);
    const isHalfWay = first.type === 'pubrec' && first.reasonCode < 0x80;
    if (!isHalfWay) return settlementOf(first);
    // PUBREC has said already whether anybody matches, PUBCOMP does not.
    const last = await this.#ask({ type: 'pubrel', packetId, reasonCode: 0, properties: {} }, packetId);
    const settlement = settlementOf(last);
    return settlement.reasonCode === 0 ? settlementOf(first) : settlement;
  }

  /** @throws {ConversationOver} */
  async subscribe(subscriptions: readonly SubscriptionRequest[]): Promise<SubackPacket> {
    const packetId = this.#nextPacketId();
    const answer = await this.#ask({ type: 'subscribe', packetId, subscriptions, properties: {} }, packetId);
    if (answer.type === 'suback') return answer;
    throw new ConversationOver(undefined, `the broker answered ${answer.type} to SUBSCRIBE`);
  }

  /** @throws {ConversationOver} */
  async unsubscribe(filters: readonly string[]): Promise<void> {
    const packetId = this.#nextPacketId();
    await this.#ask({ type: 'unsubscribe', packetId, filters, properties: {} }, packetId);
  }

  /** The message of QoS 1 is settled; a reason code of 0x80 or above has the broker tell the hook `dropped`. */
  acknowledge(packetId: number, reasonCode = 0): void {
    this.#send({ type: 'puback', packetId, reasonCode, properties: {} });
  }

  /** Reads nothing until `release`. */
  hold(): void {
    this.#isHeld = true;
    this.#channel.pause();
  }

  release(): void {
    if (!this.#isHeld || this.#end !== undefined) return;
    this.#isHeld = false;
    this.#read();
    if (!this.#isHeld) this.#channel.resume();
  }

  /** Says goodbye: the session stays for as long as was agreed, or ends with the connection. `onEnd` is not told. */
  leave(session: 'stays' | 'ends' = 'stays'): void {
    if (this.#end !== undefined) return;
    this.onEnd = () => {};
    const properties = session === 'ends' ? { sessionExpiryInterval: 0 } : {};
    this.#send({ type: 'disconnect', reasonCode: 0, properties });
    this.#channel.end();
    this.#over(new ConversationOver(undefined, 'the conversation is over'));
    // The broker does not read from a client that does not take what it is sent.
    this.#channel.resume();
  }

  /** Goes without a word, as though nobody had come. `onEnd` is not told. */
  drop(): void {
    this.onEnd = () => {};
    this.#channel.destroy();
    this.#over(new ConversationOver(undefined, 'the conversation is over'));
  }

  received(chunk: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#reader.feed(chunk);
    this.#read();
  }

  drained(): void {}

  closed(error?: Error): void {
    this.#over(new ConversationOver(undefined, error?.message ?? 'the broker closed the connection'));
  }

  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (!this.#isHeld && this.#end === undefined) {
        const packet = this.#reader.next();
        if (packet === undefined) break;
        this.#handle(packet);
      }
    } finally {
      this.#isReading = false;
    }
  }

  #handle(packet: Packet): void {
    switch (packet.type) {
      case 'connack':
        this.hold();
        this.#connack?.resolve(packet);
        this.#connack = undefined;
        return;
      case 'publish':
        this.onMessage(packet);
        return;
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
      case 'suback':
      case 'unsuback':
        this.#settle(packet.packetId, packet);
        return;
      case 'disconnect': {
        const { reasonCode, properties } = packet;
        this.#over(new ConversationOver(reasonCode, properties.reasonString ?? 'the broker disconnected'));
        return;
      }
    }
  }

  #settle(packetId: number, packet: Packet): void {
    const awaited = this.#awaited.get(packetId);
    this.#awaited.delete(packetId);
    awaited?.resolve(packet);
  }

  #ask(packet: Packet, packetId: number): Promise<Packet> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end);
        return;
      }
      this.#awaited.set(packetId, { resolve, reject });
      this.#send(packet);
    });
  }

  /** A client asks a few things in its life, not 65,535 at a time. */
  #nextPacketId(): number {
    do this.#lastPacketId = (this.#lastPacketId % 0xffff) + 1;
    while (this.#awaited.has(this.#lastPacketId));
    return this.#lastPacketId;
  }

  #send(packet: Packet): void {
    if (this.#end === undefined) this.#channel.write([encode(packet, 5)]);
  }

  #over(end: ConversationOver): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#connack?.reject(end);
    for (const { reject } of this.#awaited.values()) reject(end);
    this.#awaited.clear();
    this.onEnd(end);
  }
}

function settlementOf(packet: Packet): Settlement {
  const isAnswer = packet.type === 'puback' || packet.type === 'pubrec' || packet.type === 'pubcomp';
  if (!isAnswer) throw new ConversationOver(undefined, `the broker answered ${packet.type} to PUBLISH`);
  return { reasonCode: packet.reasonCode, reasonString: packet.properties.reasonString };
}
