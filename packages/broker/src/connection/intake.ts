import type { ByteChannel } from '@carillon/hooks';
import {
  type DecodedPacket,
  type DecodedPublish,
  PacketReader,
  type ProtocolVersion,
  type PublishRun,
  ReasonCode,
  type RunLimits,
} from '@carillon/protocol';
import type { Engine } from '../engine.ts';
import { dispatch } from '../handlers/dispatch.ts';
import { isPromise } from '../when-done.ts';
import type { Connection } from './connection.ts';
import { ReadAhead } from './read-ahead.ts';

/** Bytes after which a connection lets the others have their turn. The socket would go on for two megabytes. */
const breakAfterBytes = 65_536;

/** Parts of a packet that is not whole yet count so many times less: to put them by is a fraction of the work. */
const partsInOne = 4;

/**
 * The incoming half of a connection: chunks become packets, and packets go to their handlers one after
 * another. A handler that waits for something holds up the later packets of this connection, and of no other.
 */
export class Intake {
  readonly #engine: Engine;
  readonly #connection: Connection;
  readonly #channel: ByteChannel;
  readonly #reader: PacketReader;
  /** Made when a handler first has to wait. */
  #ahead: ReadAhead | undefined = undefined;
  /** A handler awaits something: later packets wait. */
  #isBusy = false;
  #isPaused = false;
  #isOnBreak = false;
  #bytesSinceBreak = 0;
  #whenIdle: (() => void) | undefined = undefined;

  constructor(engine: Engine, connection: Connection, channel: ByteChannel) {
    this.#engine = engine;
    this.#connection = connection;
    this.#channel = channel;
    this.#reader = new PacketReader({
      maximumPacketSize: engine.options.limits.maximumConnectBytes,
      topicCache: engine.topicCache,
    });
  }

  /** Known from the level byte of CONNECT on. */
  get protocolVersion(): ProtocolVersion | undefined {
    return this.#reader.protocolVersion;
  }

  /** The client is not being read from. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  limitPacketSize(bytes: number): void {
    this.#reader.maximumPacketSize = bytes;
  }

  received(chunk: Uint8Array): void {
    this.#engine.counters.bytesReceived += chunk.length;
    this.#reader.feed(chunk);
    if (this.#isBusy) this.#readAhead();
    else this.#work();
    const wasPutBy = this.#reader.bufferedBytes >= chunk.length;
    this.#bytesSinceBreak += wasPutBy ? chunk.length / partsInOne : chunk.length;
    if (this.#bytesSinceBreak >= breakAfterBytes) this.#takeBreak();
  }

  mayBeRepeated(packet: DecodedPublish): boolean {
    return this.#reader.mayBeRepeated(packet);
  }

  takeRepeats(packet: DecodedPublish, limits: RunLimits): PublishRun | undefined {
    const run = this.#reader.takeRepeats(packet, limits);
    // The packet at hand is counted already.
    if (run !== undefined) this.#engine.counters.messagesReceived += run.count - 1;
    return run;
  }

  takePubacks(): readonly number[] {
    // What was read ahead comes first.
    if ((this.#ahead?.length ?? 0) > 0) return [];
    const packetIds = this.#reader.takePubacks();
    this.#engine.counters.messagesReceived += packetIds.length;
    return packetIds;
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#channel.pause();
  }

  /** Reads on, unless there is another reason not to. */
  resume(): void {
    if (!this.#isPaused || this.#isBusy || this.#connection.isCongested) return;
    this.#isPaused = false;
    this.#connection.packetCame();
    if (!this.#isOnBreak) this.#channel.resume();
  }

  /** Reading goes on in the next turn, when everybody else has been read from too. */
  #takeBreak(): void {
    this.#bytesSinceBreak = 0;
    if (this.#isOnBreak) return;
    this.#isOnBreak = true;
    this.#channel.pause();
    this.#engine.scheduler.atEndOfTurn(() => {
      this.#isOnBreak = false;
      if (!this.#isPaused) this.#channel.resume();
    });
  }

  /** The peer has left in order: what it sent before is handled first. Then `done` is called, once. */
  finishWork(done: () => void): void {
    this.#whenIdle = done;
    this.#tellIdle();
  }

  /** The connection is over: what has not been handled never will be. */
  stop(): void {
    this.#ahead?.clear();
  }

  /** Handles packets in order until bytes run short, a handler has to wait, or the connection ends. */
  #work(): void {
    this.#connection.arrivedAt = this.#engine.now();
    let packets = 0;
    try {
      while (!this.#isBusy && this.#connection.isOpen) {
        const packet = this.#ahead?.take() ?? this.#reader.next();
        if (packet === undefined) break;
        packets++;
        this.#handle(packet);
      }
    } catch (error) {
      this.#connection.fail(error);
    }
    // One look at the clock for all packets of a chunk.
    if (packets > 0) this.#connection.packetCame();
    this.#engine.counters.messagesReceived += packets;
    this.resume();
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#isBusy) return;
    const done = this.#whenIdle;
    this.#whenIdle = undefined;
    done?.();
  }

  #handle(packet: DecodedPacket): void {
    const { turn, options } = this.#engine;
    const isFull = turn.waiting >= options.limits.maximumWaitingChanges;
    const pending = isFull ? this.#handleLater(packet) : dispatch(this.#connection, packet);
    if (!isPromise(pending)) return;
    this.#isBusy = true;
    pending.then(
      () => {
        this.#isBusy = false;
        this.#work();
      },
      (error: unknown) => {
        this.#isBusy = false;
        this.#connection.fail(error);
        this.#tellIdle();
      },
    );
    this.#readAhead();
  }

  /** The store is busy, and what waits for it is a lot: no more is added. */
  async #handleLater(packet: DecodedPacket): Promise<void> {
    const { turn, options } = this.#engine;
    while (turn.waiting >= options.limits.maximumWaitingChanges) await turn.whenTaken();
    if (this.#connection.isOpen) await dispatch(this.#connection, packet);
  }

  /** While a handler waits: PINGREQ is answered, the rest is kept in order, and reading stops when that is a lot. */
  #readAhead(): void {
    if (!this.#connection.isReady) {
      this.#checkConnectBytes();
      return;
    }
    const { maximumWaitingPackets } = this.#engine.options.limits;
    this.#ahead ??= new ReadAhead();
    while (this.#ahead.fault === undefined) {
      if (this.#ahead.length >= maximumWaitingPackets) {
        this.pause();
        return;
      }
      const packet = this.#ahead.read(this.#reader);
      if (packet === undefined) return;
      this.#connection.packetCame();
      if (packet.type === 'pingreq') this.#connection.send({ type: 'pingresp' });
      else this.#ahead.put(packet);
    }
  }

  /** What is sent along with CONNECT waits for CONNACK, but not without limit. */
  #checkConnectBytes(): void {
    const { maximumConnectBytes } = this.#engine.options.limits;
    if (this.#reader.bufferedBytes <= maximumConnectBytes) return;
    const reason = `more than ${maximumConnectBytes} bytes were sent before CONNACK`;
    this.#connection.tellRefused('connect', ReasonCode.QuotaExceeded, reason, 'limit:maximumConnectBytes');
    this.#connection.refuseConnect(ReasonCode.QuotaExceeded, reason);
  }
}
