import type { ByteChannel } from '@carillon/hooks';
import {
  type DiagnosticProperties,
  type Packet,
  type ProtocolVersion,
  type PublishRun,
  type QoS,
  ReasonCode,
} from '@carillon/protocol';
import type { Engine } from '../engine.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import type { MessageRun } from '../publishing/message-run.ts';
import { writeByAlias } from '../publishing/publish-by-alias.ts';
import { encodeFrame, type PublishFrame, publishPacketOf } from '../publishing/publish-frame.ts';
import type { Copy, DirectLine } from '../routing/subscription.ts';
import type { Flushable } from '../store/turn.ts';
import type { Connection } from './connection.ts';
import { fitPacket } from './fit-packet.ts';
import { asSeenBy } from './mount-point.ts';
import { OutboundAliases } from './outbound-aliases.ts';
import { largePayload, Output } from './output.ts';

/** More than this gathered in a turn leaves at once: the socket can work while the rest is made. */
const flushEarlyBytes = 64 * 1024;

const firstBytes = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

export type Acknowledgement = keyof typeof firstBytes;

/**
 * The outgoing half of a connection: packets are gathered during a turn and leave in one write at its end.
 * Told to write more than the peer takes, it tells the connection.
 */
export class Sender implements Flushable, DirectLine {
  readonly #engine: Engine;
  readonly #connection: Connection;
  readonly #channel: ByteChannel;
  readonly #output: Output;
  /** Undefined when the client takes none. */
  #aliases: OutboundAliases | undefined = undefined;
  #isMarked = false;
  /** What the channel had left after the latest write. */
  #unsentAtWrite = 0;

  constructor(engine: Engine, connection: Connection, channel: ByteChannel) {
    this.#engine = engine;
    this.#connection = connection;
    this.#channel = channel;
    this.#output = new Output(engine.outputSlabs, channel);
  }

  /** Bytes that the peer has not taken yet. */
  get unsentBytes(): number {
    return this.#output.pendingBytes + this.#channel.unsentBytes;
  }

  get isCongested(): boolean {
    const { maximumOutputBytes } = this.#engine.options.limits;
    // Between two writes the channel only gets rid of bytes: mostly there is no need to ask it.
    if (this.#output.pendingBytes + this.#unsentAtWrite <= maximumOutputBytes) return false;
    return this.unsentBytes > maximumOutputBytes;
  }

  /** The client takes topic aliases up to this number. */
  allowAliases(clientMaximum: number): void {
    const { outboundTopicAliasMaximum } = this.#engine.options.limits;
    const maximum = Math.min(clientMaximum, outboundTopicAliasMaximum);
    if (maximum > 0) this.#aliases = new OutboundAliases(maximum);
  }

  /** Sends a packet, shortened to what the client takes; ends the connection when even that is too much. */
  send(packet: Packet): void {
    const { terms } = this.#connection;
    const fitting = fitPacket(packet, terms);
    if (fitting === undefined) {
      this.#connection.finish({
        by: 'broker',
        reasonCode: ReasonCode.PacketTooLarge,
        reason: `a ${packet.type.toUpperCase()} for the client is larger than it takes`,
        willIsDue: true,
      });
      return;
    }
    this.#output.appendPacket(fitting, terms.version);
    this.#engine.counters.messagesSent++;
    this.mark();
  }

  /** PUBACK, PUBREC, PUBREL or PUBCOMP. Before MQTT 5.0 they carry nothing but the identifier. */
  acknowledge(
    type: Acknowledgement,
    packetId: number,
    reasonCode: number,
    properties: DiagnosticProperties | undefined,
  ): void {
    const { version } = this.#connection.terms;
    if (version === 5 && (reasonCode !== 0 || properties !== undefined)) {
      this.send({ type, packetId, reasonCode, properties: properties ?? {} });
      return;
    }
    this.#output.appendShortAcknowledgement(firstBytes[type], packetId);
    this.#engine.counters.messagesSent++;
    this.mark();
  }

  /** A message; false when it is larger than the client takes, and nothing was sent. [MQTT-3.1.2-24] */
  publish(copy: Copy, packetId: number, dup: boolean, fanOut: FanOut | undefined): boolean {
    const { session } = this.#connection;
    const isShared =
      fanOut?.content === copy.content &&
      !dup &&
      copy.subscriptionIdentifiers.length === 0 &&
      session?.mountPoint === '';
    const isSent = isShared
      ? this.#publishShared(copy, packetId, fanOut)
      : this.#publishOwn(copy, packetId, dup, fanOut?.now ?? this.#engine.now());
    if (!isSent) return false;
    this.#tellDelivered(copy, packetId, dup);
    return true;
  }

  /** Where packets from clients of this version may go as they came. */
  directLine(version: ProtocolVersion): DirectLine | undefined {
    const sameForm = (version === 5) === (this.#connection.terms.version === 5);
    return sameForm && this.#aliases === undefined ? this : undefined;
  }

  /** Bytes until it is congested, and not more than the client takes in one packet. */
  get room(): number {
    const { maximumOutputBytes } = this.#engine.options.limits;
    const free = maximumOutputBytes - this.#output.pendingBytes - this.#unsentAtWrite;
    return Math.min(free, this.#connection.terms.clientMaximumPacketSize);
  }

  get window(): number {
    return Number.POSITIVE_INFINITY;
  }

  passOn({ packets: { source, start, end, count } }: MessageRun): void {
    this.#output.appendRange(source, start, end);
    this.#sent(count, end - start);
  }

  /** As passOn, at QoS 1. */
  publishRun(run: PublishRun, packetIds: readonly number[]): void {
    this.#output.appendWithPacketIds(run, packetIds);
    this.#sent(run.count, run.end - run.start);
  }

  /** PUBACKs of success, for a run in its order. */
  acknowledgeRun(run: PublishRun): void {
    this.#output.appendPubacks(run);
    this.#engine.counters.messagesSent += run.count;
    this.mark();
  }

  /** As others see it too, but for its alias. */
  #publishShared(copy: Copy, packetId: number, fanOut: FanOut): boolean {
    const { version, clientMaximumPacketSize } = this.#connection.terms;
    if (this.#aliases !== undefined) {
      return (
        this.#publishByAlias(copy, packetId, fanOut) || this.#publishOwn(copy, packetId, false, fanOut.now)
      );
    }
    const frame = fanOut.frameFor(version, copy.qos, copy.retain);
    if (frame.length > clientMaximumPacketSize) return false;
    this.#appendFrame(frame, packetId);
    return true;
  }

  /** With an alias that the client knows; false when there is none, or it makes the packet too long. */
  #publishByAlias({ content, qos, retain }: Copy, packetId: number, fanOut: FanOut): boolean {
    const alias = this.#aliases?.known(content.topic);
    if (alias === undefined) return false;
    const body = fanOut.bodyFor(qos, retain);
    const { packets } = this.#engine.outputSlabs;
    const most = this.#connection.terms.clientMaximumPacketSize;
    const written = writeByAlias(body, packets, publishFirstByte(qos, retain), packetId, alias, most);
    if (written === undefined) return false;
    this.#output.appendRange(packets.bytes, written.start, written.end);
    if (written.payloadStart < written.payloadEnd) {
      this.#output.appendRange(body.source, written.payloadStart, written.payloadEnd);
    }
    for (const piece of body.rest) this.#output.appendRange(piece, 0, piece.length);
    this.#sent(1, written.length);
    return true;
  }

  /** As no other client sees it: with its aliases, its subscription identifiers, below its mount point. */
  #publishOwn(copy: Copy, packetId: number, dup: boolean, now: number): boolean {
    const { terms, session } = this.#connection;
    const message = asSeenBy(copy.message, session?.mountPoint ?? '');
    const { topic } = message;
    const plain = {
      version: terms.version,
      qos: copy.qos,
      retain: copy.retain,
      dup,
      subscriptionIdentifiers: terms.version === 5 ? copy.subscriptionIdentifiers : [],
      topic,
      topicAlias: undefined,
    };
    if (this.#aliases === undefined && message.payload.length < largePayload) {
      const packet = publishPacketOf(message, plain, packetId, now);
      const length = this.#output.appendPacket(packet, terms.version, terms.clientMaximumPacketSize);
      if (length > 0) this.#sent(1, length);
      return length > 0;
    }
    const alias = this.#aliases?.propose(topic);
    if (alias !== undefined) {
      const layout = { ...plain, topic: alias.isKnown ? '' : topic, topicAlias: alias.alias };
      const frame = encodeFrame(message, layout, now);
      if (frame.length <= terms.clientMaximumPacketSize) {
        if (!alias.isKnown) this.#aliases?.settle(topic, alias);
        this.#appendFrame(frame, packetId);
        return true;
      }
      // An alias takes three bytes, which may be those too many.
    }
    const frame = encodeFrame(message, plain, now);
    if (frame.length > terms.clientMaximumPacketSize) return false;
    this.#appendFrame(frame, packetId);
    return true;
  }

  /** Bytes that are a whole packet already. */
  sendBytes(bytes: Uint8Array): void {
    this.#output.appendRange(bytes, 0, bytes.length);
    this.mark();
  }

  /** There is something to do at the end of the turn. */
  mark(): void {
    if (this.#isMarked) return;
    this.#isMarked = true;
    this.#engine.turn.mark(this);
  }

  /** The end of the turn: everything gathered leaves in one write. */
  flush(): void {
    this.#isMarked = false;
    this.#write();
    if (this.#connection.state === 'closing') this.#channel.end();
  }

  #appendFrame(frame: PublishFrame, packetId: number): void {
    if (frame.packetIdAt === -1) this.#output.appendRange(frame.bytes, frame.start, frame.end);
    else this.#output.appendWithPacketId(frame, packetId);
    for (const piece of frame.payload) this.#output.appendRange(piece, 0, piece.length);
    this.#sent(1, frame.length);
  }

  #sent(messages: number, bytes: number): void {
    const { counters } = this.#engine;
    counters.messagesSent += messages;
    counters.publishSent += messages;
    counters.publishBytesSent += bytes;
    this.mark();
    if (this.#output.pendingBytes >= flushEarlyBytes) this.#write();
  }

  #write(): void {
    if (this.#connection.state === 'closed') return;
    try {
      this.#engine.counters.bytesSent += this.#output.flush();
    } catch (error) {
      this.#connection.transportFailed(error);
      return;
    }
    this.#unsentAtWrite = this.#channel.unsentBytes;
    if (this.isCongested) this.#connection.becameCongested();
  }

  #tellDelivered(copy: Copy, packetId: number, dup: boolean): void {
    const { delivered } = this.#engine.hooks.slots;
    if (delivered === null) return;
    const { message, qos } = copy;
    const clientId = this.#connection.session?.clientId ?? '';
    delivered({ message, clientId, qos, packetId, dup });
  }
}

function publishFirstByte(qos: QoS, retain: boolean): number {
  return 0x30 | (qos << 1) | (retain ? 1 : 0);
}
