import type { DropReason } from '@carillon/hooks';
import type { QueueSummary } from '@carillon/persistence';
import { type ProtocolVersion, ReasonCode } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Engine } from '../engine.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import type { RetainedFeed } from '../retained/retained-feed.ts';
import { RetainedFeeds } from '../retained/retained-feeds.ts';
import type { Copy, DirectLine } from '../routing/subscription.ts';
import { AcknowledgedLine } from './acknowledged-line.ts';
import { checkDelivery, objectionTo } from './delivery-checks.ts';
import { Inflight } from './inflight.ts';
import { OutboxJournal } from './outbox-journal.ts';
import { QueuedMessage } from './queued-message.ts';
import type { Session } from './session.ts';
import { type QueueSender, SessionQueue } from './session-queue.ts';

/** Retained messages sent to a new subscription in one turn, so that others get theirs too. */
const feedPerTurn = 256;

/**
 * Everything a session has to send: what waits, what is in flight, and in which order it goes.
 *
 *     accept ─► queue ─► in flight ─► acknowledged
 *                 ▲          │
 *           store (tail)     └─ connection lost: resent first on the next one
 *
 * The pump is a ladder: what was in flight is resent, then the queue, then retained messages of new
 * subscriptions; it stops at the first reason to wait, and whoever removes the reason calls it again.
 */
export class Outbox implements QueueSender {
  readonly feeds = new RetainedFeeds();
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #queue: SessionQueue;
  readonly #journal: OutboxJournal;
  readonly #inflight = new Inflight();
  #resend: QueuedMessage[] = [];
  #pumpIsDue = false;

  constructor(engine: Engine, session: Session, summary: QueueSummary) {
    this.#engine = engine;
    this.#session = session;
    this.#journal = new OutboxJournal(engine, session);
    this.#queue = new SessionQueue(engine, session, summary, this.#journal, this);
  }

  get queued(): number {
    return this.#queue.length;
  }

  get inflight(): Pick<Inflight, 'get' | 'size'> {
    return this.#inflight;
  }

  get bytes(): number {
    return this.#queue.bytes + this.#inflight.bytes;
  }

  /** The sequence number after which only the store knows what waits; undefined when there is no such part. */
  get tailBegin(): number | undefined {
    return this.#queue.tailBegin;
  }

  /** Takes a copy: sends it, lets it wait, or drops it and says so. */
  accept(offered: Copy, fanOut: FanOut): void {
    const copy = checkDelivery(this.#engine, this.#session, offered);
    if (typeof copy === 'string') {
      this.#drop(offered, copy, fanOut);
      return;
    }
    if (copy.qos === 0) {
      if (fanOut.heldUntil === 0) this.#sendQoS0(copy, fanOut);
      else fanOut.hold({ release: (released) => this.#sendQoS0(copy, released), withdraw: () => {} });
      return;
    }
    if (fanOut.heldUntil === 0 && this.#canSendAtOnce()) {
      const entry = this.#entryFor(copy, fanOut);
      this.#start(entry, true, fanOut);
      this.#account(entry, fanOut);
      return;
    }
    this.#enqueue(copy, fanOut);
  }

  /** Where messages of QoS 1 from clients of this version may go in runs; undefined while each is to be looked at. */
  directLine(version: ProtocolVersion): DirectLine | undefined {
    const { connection } = this.#session;
    // What is to be stored is written down message by message.
    if (connection === undefined || this.#session.isStored || !this.#canSendAtOnce()) return undefined;
    const line = connection.directLine(version);
    if (line === undefined) return undefined;
    const limits = { room: line.room, window: this.#windowOf(connection) };
    return new AcknowledgedLine(this.#inflight, this.#queue, connection, limits);
  }

  /** Starts sending retained messages of a new subscription. */
  feed(feed: RetainedFeed): void {
    this.feeds.add(feed);
    this.pump();
  }

  /** A connection took the session up: what was in flight goes first. */
  attach(): void {
    this.#resend = this.#inflight.inOrder();
    for (const entry of this.#resend) entry.sentOn = undefined;
    this.pump();
  }

  /** The connection is gone. Retained messages that were to follow now wait like any other. */
  detach(): void {
    this.#resend = [];
    for (const entry of this.#inflight.inOrder()) entry.sentOn = undefined;
    if (!this.#session.outlivesConnection) this.feeds.clear();
    for (let next = this.feeds.next(); next !== undefined; next = this.feeds.next()) {
      if (next.copy.qos > 0) this.#enqueue(next.copy, undefined);
    }
  }

  /** Sends what may be sent now. */
  pump(): void {
    const connection = this.#session.connection;
    if (connection === undefined || !connection.isReady) return;
    while (this.#resendNext(connection)) {}
    if (this.#resend.length > 0) return;
    while (this.#sendNext(connection)) {}
    this.#sendFeeds(connection);
  }

  puback(packetId: number, reasonCode: number): void {
    if (reasonCode === ReasonCode.Success && this.#settleInRun(packetId)) {
      this.pump();
      return;
    }
    const entry = this.#inflight.get(packetId);
    if (entry?.qos !== 1) return;
    this.#settle(entry, reasonCode);
  }

  /** As one PUBACK of success after another, but the queue is asked once what goes next. Nobody is to be told. */
  pubacks(packetIds: readonly number[]): void {
    for (const packetId of packetIds) {
      if (this.#settleInRun(packetId)) continue;
      const entry = this.#inflight.get(packetId);
      if (entry?.qos === 1) this.#forget(entry);
    }
    this.pump();
  }

  pubrec(packetId: number, reasonCode: number): void {
    const entry = this.#inflight.get(packetId);
    if (entry?.qos !== 2) {
      this.#sendPubrel(packetId, ReasonCode.PacketIdentifierNotFound);
      return;
    }
    if (reasonCode >= 0x80) {
      this.#settle(entry, reasonCode);
      return;
    }
    if (entry.state !== 'released') {
      entry.state = 'released';
      this.#journal.sent(entry);
    }
    this.#journal.whenStored(() => this.#sendPubrel(packetId, ReasonCode.Success));
  }

  pubcomp(packetId: number): void {
    const entry = this.#inflight.get(packetId);
    if (entry?.state !== 'released') return;
    this.#settle(entry, ReasonCode.Success);
  }

  /** Takes out what came by a shared subscription and has not been begun, for another member to have. */
  takeShared(share: string): QueuedMessage[] {
    const taken = this.#queue.entries().filter((entry) => entry.share === share);
    for (const entry of taken) this.#queue.remove(entry);
    return taken;
  }

  /** The session is over: gives back everything that was not delivered, in order. */
  takeAll(): QueuedMessage[] {
    const inflight = this.#inflight.inOrder();
    this.#inflight.clear();
    this.#resend = [];
    this.feeds.clear();
    return [...inflight, ...this.#queue.takeAll()];
  }

  // --- what the queue says

  gaveUp(entry: QueuedMessage, reason: DropReason): void {
    this.#drop(entry, reason, undefined);
  }

  takeBegun(entry: QueuedMessage): boolean {
    // Two under one identifier: whose delivery has begun is not known any more.
    if (this.#inflight.get(entry.packetId) !== undefined) {
      entry.requeue();
      return false;
    }
    this.#inflight.restore(entry);
    this.#resend.push(entry);
    return true;
  }

  refilled(): void {
    this.pump();
  }

  // --- taking copies in

  #sendQoS0(copy: Copy, fanOut: FanOut): void {
    const connection = this.#session.connection;
    const mayWait = this.#engine.options.queueQoS0 && this.#session.outlivesConnection;
    // Behind those that wait, one must not overtake them. [MQTT-4.6.0-5]
    if (mayWait && (connection?.isReady !== true || this.#queue.length > 0)) {
      this.#enqueue(copy, fanOut);
      return;
    }
    if (connection === undefined || !connection.isReady) {
      this.#drop(copy, 'offline', fanOut);
      return;
    }
    if (connection.isCongested) {
      this.#drop(copy, 'slow-reader', fanOut);
      return;
    }
    if (connection.publish(copy, 0, false, fanOut)) fanOut.sent++;
    else this.#drop(copy, 'too-large', fanOut);
  }

  #canSendAtOnce(): boolean {
    const connection = this.#session.connection;
    return (
      connection?.isReady === true &&
      this.#resend.length === 0 &&
      this.#queue.length === 0 &&
      this.#windowIsOpen(connection)
    );
  }

  #windowIsOpen(connection: Connection): boolean {
    return !connection.isCongested && this.#windowOf(connection) > 0;
  }

  /** Messages of QoS 1 and 2 that may be begun. */
  #windowOf({ sendQuota, unfinished }: Connection): number {
    const { maximumInflight } = this.#engine.options.limits;
    return Math.min(sendQuota - unfinished, maximumInflight - this.#inflight.size);
  }

  #enqueue(copy: Copy, fanOut: FanOut | undefined): void {
    const full = this.#queue.makeRoom(copy.content.size);
    if (full !== undefined) {
      this.#drop(copy, full, fanOut);
      return;
    }
    const entry = this.#entryFor(copy, fanOut);
    this.#queue.push(entry);
    if (fanOut === undefined) return;
    if (fanOut.heldUntil === 0) {
      this.pump();
      this.#account(entry, fanOut);
      return;
    }
    entry.heldUntil = fanOut.heldUntil;
    fanOut.hold({
      release: (released) => {
        this.pump();
        this.#account(entry, released);
      },
      withdraw: () => {
        if (entry.dropped !== undefined) return;
        this.#queue.remove(entry);
        this.#drop(copy, 'store-failed', undefined);
      },
    });
  }

  #entryFor(copy: Copy, fanOut: FanOut | undefined): QueuedMessage {
    copy.content.keep();
    const entry = new QueuedMessage(this.#queue.takeSequence(), copy);
    entry.isPassedOn = fanOut?.isPassedOn === true;
    entry.askedAt = this.#session.rights;
    // Behind messages that only the store has, it has to be there too, or it would overtake them.
    entry.isVolatile = this.#engine.storage.isVolatile(copy.content.topic) && !this.#queue.hasTail;
    return entry;
  }

  /** Tells the fan-out what has become of a copy by now. */
  #account(entry: QueuedMessage, fanOut: FanOut): void {
    if (entry.dropped !== undefined) fanOut.noteDropped(entry.dropped, this.#session.clientId);
    else if (entry.state === 'queued') fanOut.queued++;
    else fanOut.sent++;
  }

  // --- sending

  /** The ladder's first rung: what was in flight when the last connection ended. [MQTT-4.4.0-1] */
  #resendNext(connection: Connection): boolean {
    const entry = this.#resend[0];
    if (entry === undefined || connection.isCongested) return false;
    // Begun on the last connection, and its identifier is not stored yet: who holds it back will pump.
    if (this.#journal.holdsPackets) return false;
    if (!this.#inflight.has(entry)) {
      this.#resend.shift();
      return true;
    }
    if (entry.state === 'released') {
      // Only PUBREL is left to say, and it uses no quota. [MQTT-4.3.3-6]
      this.#resend.shift();
      this.#sendPubrel(entry.packetId, ReasonCode.Success);
      return true;
    }
    if (connection.unfinished >= connection.sendQuota) return false;
    this.#resend.shift();
    this.#useQuota(entry, connection);
    this.#transmit(entry, connection, true, undefined);
    return true;
  }

  /** The second rung: the queue. */
  #sendNext(connection: Connection): boolean {
    const entry = this.#queue.peek();
    if (entry === undefined) return false;
    if (!this.#engine.turn.isSettled(entry.heldUntil)) return false;
    if (entry.content.hasExpired(this.#engine.now())) {
      // [MQTT-3.3.2-5]
      this.#queue.discardOldest('expired');
      return true;
    }
    if (!this.#windowIsOpen(connection)) return false;
    if (entry.askedAt !== this.#session.rights) {
      const objection = objectionTo(this.#engine, this.#session, entry.content);
      if (objection !== undefined) {
        this.#queue.discardOldest(objection);
        return true;
      }
    }
    this.#queue.shift();
    if (entry.qos === 0) {
      this.#journal.dequeued(entry);
      if (!connection.publish(entry, 0, false, undefined)) this.#drop(entry, 'too-large', undefined);
      return true;
    }
    this.#start(entry, false, undefined);
    return true;
  }

  /** The third rung: retained messages, a slice each turn. */
  #sendFeeds(connection: Connection): void {
    for (let sent = 0; this.#queue.length === 0 && !this.feeds.isEmpty; sent++) {
      if (!this.#windowIsOpen(connection)) return;
      if (sent === feedPerTurn) {
        this.#pumpAtEndOfTurn();
        return;
      }
      const next = this.feeds.next();
      if (next !== undefined) this.accept(next.copy, next.fanOut);
    }
  }

  #pumpAtEndOfTurn(): void {
    if (this.#pumpIsDue) return;
    this.#pumpIsDue = true;
    this.#engine.scheduler.atEndOfTurn(() => {
      this.#pumpIsDue = false;
      this.pump();
    });
  }

  /** The message gets its packet identifier and is in flight from here on. */
  #start(entry: QueuedMessage, isNew: boolean, fanOut: FanOut | undefined): void {
    const { connection } = this.#session;
    if (connection === undefined) return;
    this.#inflight.add(entry);
    entry.state = 'sent';
    this.#useQuota(entry, connection);
    if (isNew) this.#journal.queued(entry);
    else this.#journal.sent(entry);
    // The identifier of a QoS 2 message is stored before the packet leaves; what follows keeps its place.
    const mustBeStored = this.#journal.keeps(entry) && (entry.qos === 2 || this.#journal.holdsPackets);
    if (!mustBeStored) {
      this.#transmit(entry, connection, false, fanOut);
      return;
    }
    this.#journal.whenStored(() => {
      if (this.#inflight.has(entry) && entry.sentOn === connection) {
        this.#transmit(entry, connection, false, undefined);
      } else this.pump();
    });
  }

  #useQuota(entry: QueuedMessage, connection: Connection): void {
    entry.sentOn = connection;
    connection.unfinished++;
  }

  #transmit(entry: QueuedMessage, connection: Connection, dup: boolean, fanOut: FanOut | undefined): void {
    if (connection.publish(entry, entry.packetId, dup, fanOut)) return;
    // As though delivery had finished: neither identifier nor quota stay occupied. [MQTT-3.1.2-25]
    this.#forget(entry);
    this.#drop(entry, 'too-large', undefined);
  }

  /** Nothing goes before CONNACK; then PUBREL is resent. [MQTT-3.2.0-1] */
  #sendPubrel(packetId: number, reasonCode: number): void {
    const { connection } = this.#session;
    if (connection?.isReady === true) connection.acknowledge('pubrel', packetId, reasonCode);
  }

  // --- ends

  /** One of a run that nobody has asked for, nor is to be told of. */
  #settleInRun(packetId: number): boolean {
    if (this.#engine.hooks.slots.acknowledged !== null) return false;
    const run = this.#inflight.removeFromRun(packetId);
    if (run === undefined) return false;
    run.sentOn.unfinished--;
    return true;
  }

  #settle(entry: QueuedMessage, reasonCode: number): void {
    this.#forget(entry);
    if (reasonCode >= 0x80) this.#drop(entry, 'refused-by-receiver', undefined);
    const { acknowledged } = this.#engine.hooks.slots;
    if (acknowledged !== null) {
      const { message, packetId } = entry;
      acknowledged({ message, clientId: this.#session.clientId, packetId, reasonCode });
    }
    this.pump();
  }

  #forget(entry: QueuedMessage): void {
    this.#inflight.remove(entry);
    if (entry.sentOn !== undefined) entry.sentOn.unfinished--;
    entry.sentOn = undefined;
    this.#journal.dequeued(entry);
  }

  #drop(copy: Copy, reason: DropReason, fanOut: FanOut | undefined): void {
    if (copy instanceof QueuedMessage) copy.dropped = reason;
    this.#engine.drop(copy.content, reason, this.#session.clientId, fanOut);
  }
}
