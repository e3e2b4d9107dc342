import type { DropReason } from '@carillon/hooks';
import type { SessionRecord, StoredRecord } from '@carillon/persistence';
import type { Engine } from '../engine.ts';
import type { ShareGroup } from '../routing/share-group.ts';
import { type Receiver, Subscription } from '../routing/subscription.ts';
import { AbandonedQueues } from './abandoned-queues.ts';
import type { QueuedMessage } from './queued-message.ts';
import { emptyQueue, neverExpires, Session } from './session.ts';

/** Why a session ends. */
export type SessionEnd = 'expired' | 'replaced' | 'connection-ended' | 'by-host';

/** All sessions, connected or not, by client id. [MQTT-3.1.3-2] */
export class Sessions {
  readonly #engine: Engine;
  readonly #sessions = new Map<string, Session>();
  readonly #abandoned: AbandonedQueues;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#abandoned = new AbandonedQueues(engine);
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  values(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  create(record: SessionRecord, isStored: boolean): Session {
    const session = new Session(this.#engine, record, emptyQueue, isStored);
    this.#sessions.set(record.clientId, session);
    this.#abandoned.forget(record.clientId);
    if (isStored) this.recordSession(session);
    this.#engine.hooks.slots.sessionCreated?.({ session: session.view() });
    return session;
  }

  /** The store learns how the session is now. */
  recordSession(session: Session): void {
    if (session.isStored) this.#engine.turn.record({ do: 'putSession', session: session.record() });
  }

  /**
   * The connection of the session is over. A session without expiry interval ends with it; of any other the
   * time begins to run.
   */
  connectionEnded(session: Session, willIsDue: boolean): void {
    session.connection = undefined;
    if (!willIsDue) this.#engine.wills.forget(session);
    session.usedOutbox?.detach();
    if (!session.outlivesConnection) {
      this.end(session, 'connection-ended');
      return;
    }
    session.disconnectedAt = this.#engine.now();
    this.recordSession(session);
    this.#setExpiry(session);
    this.#engine.wills.startDelay(session);
  }

  /** Ends the session if its time has run out, and waits for that otherwise. [MQTT-4.1.0-2] */
  expire(session: Session): void {
    const { expiresAt } = session;
    if (session.hasEnded || session.connection !== undefined || expiresAt === undefined) return;
    if (expiresAt > this.#engine.now()) {
      this.#setExpiry(session);
      return;
    }
    this.#engine.counters.sessionsExpired++;
    this.end(session, 'expired');
  }

  /**
   * Ends a session: subscriptions, queue, identifiers and share memberships go, retained messages stay.
   * What another member of a share group can still deliver is given to it.
   */
  end(session: Session, why: SessionEnd): void {
    if (session.hasEnded) return;
    session.hasEnded = true;
    session.cancelExpiry();
    this.#sessions.delete(session.clientId);
    const view = session.view();
    const outbox = session.usedOutbox;
    const undelivered = outbox?.takeAll() ?? [];
    const groups = this.#leaveAll(session);
    session.inboundIds.clear();
    const { dropped, sessionExpired, sessionDeleted } = this.#engine.hooks.slots;
    const tailBegin = outbox?.tailBegin;
    // Whoever replaces it waits for what others are to have of it, as its successor has the same place in the store.
    const readsTail = groups.size > 0 || (why !== 'replaced' && dropped !== null);
    if (tailBegin !== undefined && readsTail) this.#abandon(session, tailBegin, undelivered, groups);
    else if (session.isRecorded) {
      this.#engine.turn.record({ do: 'deleteSession', clientId: session.clientId });
    }
    this.#engine.wills.sessionEnded(session);
    this.#passOn(undelivered, groups, session, 'session-ended');
    (why === 'expired' ? sessionExpired : sessionDeleted)?.({ session: view });
  }

  /** Resolves when an ended session has left the place that a new one of the client id needs; undefined at once. */
  whenVacant(clientId: string): Promise<void> | undefined {
    return this.#abandoned.whenGivenAway(clientId);
  }

  /** As an ended session it stays in the store until the last of its queue has been passed on. */
  #abandon(
    session: Session,
    tailBegin: number,
    undelivered: readonly QueuedMessage[],
    groups: ReadonlyMap<string, ShareGroup>,
  ): void {
    const { clientId } = session;
    const { turn } = this.#engine;
    turn.record({ do: 'putSession', session: { ...session.record(), sessionExpiryInterval: 0 } });
    for (const { sequence } of undelivered) turn.record({ do: 'dequeue', clientId, sequence });
    this.#abandoned.read(clientId, tailBegin, (entries) =>
      this.#passOn(entries, groups, session, 'session-ended'),
    );
  }

  /** Another member of the group gets what came by a shared subscription that is gone. */
  passOnShared(session: Session, filter: string, group: ShareGroup | undefined): void {
    const undelivered = session.usedOutbox?.takeShared(filter) ?? [];
    const groups = new Map(group === undefined ? [] : [[filter, group]]);
    this.#passOn(undelivered, groups, session, 'no-share-member');
  }

  /** Takes up a session that the store had. Its connection, if it had one, died with the last process. */
  restore(loaded: Extract<StoredRecord, { kind: 'session' }>): void {
    const session = new Session(this.#engine, loaded.session, loaded.queue, true);
    this.#sessions.set(session.clientId, session);
    if (session.disconnectedAt !== undefined) return;
    session.disconnectedAt = this.#engine.now();
    this.recordSession(session);
  }

  /** All records are in: what has expired meanwhile ends now. */
  startRestored(): void {
    for (const session of [...this.#sessions.values()]) {
      if (session.expiryInterval === 0) this.end(session, 'connection-ended');
      else this.expire(session);
    }
  }

  subscribeRestored(record: Extract<StoredRecord, { kind: 'subscription' }>): void {
    const session = this.#sessions.get(record.clientId);
    if (session === undefined) return;
    const subscription = new Subscription(session, record.subscription);
    session.subscriptions.set(subscription);
    this.#engine.router.add(subscription);
  }

  #setExpiry(session: Session): void {
    if (session.expiryInterval === neverExpires) return;
    const { expiresAt } = session;
    if (expiresAt !== undefined) session.expireIn(expiresAt - this.#engine.now());
  }

  /** Leaves the router; returns the share groups it was in, by the filter as the client wrote it. */
  #leaveAll(session: Session): Map<string, ShareGroup> {
    const groups = new Map<string, ShareGroup>();
    const { unsubscribed } = this.#engine.hooks.slots;
    for (const subscription of session.subscriptions.values()) {
      const { filter } = subscription.record;
      const group = this.#engine.router.groupOf(subscription);
      if (group !== undefined) groups.set(filter, group);
      this.#engine.router.remove(subscription);
      unsubscribed?.({ clientId: session.clientId, filter, why: 'session-ended' });
    }
    session.subscriptions.clear();
    return groups;
  }

  #passOn(
    undelivered: readonly QueuedMessage[],
    groups: ReadonlyMap<string, ShareGroup>,
    session: Session,
    why: DropReason,
  ): void {
    const except: ReadonlySet<Receiver> = new Set([session]);
    for (const entry of undelivered) {
      // It has been delivered: only PUBREL and PUBCOMP were to follow.
      if (entry.state === 'released') continue;
      const group = entry.share === undefined ? undefined : groups.get(entry.share);
      // A QoS 2 message that was begun goes to nobody else. [MQTT-4.8.2-5]
      const mayMove = entry.qos === 1 || entry.state === 'queued';
      const isExpired = entry.content.hasExpired(this.#engine.now());
      if (group !== undefined && !group.isEmpty && mayMove && !isExpired) {
        this.#engine.publishing.redistribute(entry.content, group, except);
      } else {
        this.#engine.drop(entry.content, isExpired ? 'expired' : why, session.clientId);
      }
    }
  }
}
