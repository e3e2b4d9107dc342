import type { WillRecord } from '@carillon/persistence';
import { ReasonCode } from '@carillon/protocol';
import { findTopicNameFault } from '@carillon/topics';
import type { Engine } from '../engine.ts';
import { createMessage } from '../publishing/broker-message.ts';
import { MadeMessage } from '../publishing/content.ts';
import { type Publisher, RefusedPublish } from '../publishing/publishing.ts';
import { tellPublished } from '../publishing/tell-published.ts';
import type { Deadline } from '../time/deadlines.ts';
import { whenDone } from '../when-done.ts';
import type { PendingWill } from './pending-will.ts';
import type { Session } from './session.ts';

/** Will Messages: kept with their session, sent when the client vanished and the delay is over. */
export class Wills {
  readonly #engine: Engine;
  /** Of the sessions whose delay is running. */
  readonly #delays = new Map<Session, Deadline>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * A CONNECT was accepted: its Will, or none, replaces what was there. [MQTT-3.1.2-7] What was due by then goes
   * out all the same, as after a restart, when the client may be faster than the clock.
   */
  replace(session: Session, will: PendingWill | undefined): void {
    const old = session.will;
    if (old?.dueAt !== undefined && old.dueAt <= this.#engine.now()) this.#send(session, old);
    this.#put(session, will);
  }

  #put(session: Session, will: PendingWill | undefined): void {
    this.#stopDelay(session);
    const had = session.will !== undefined;
    session.will = will;
    if (will !== undefined) this.#record(session, will);
    else if (had) this.#engine.turn.record({ do: 'deleteWill', clientId: session.clientId });
  }

  /** A broker that was killed sends it when it comes back, also of a session that ended with it. §3.1.2.5 */
  #record(session: Session, will: PendingWill): void {
    const { turn } = this.#engine;
    if (!session.isRecorded) {
      session.isRecorded = true;
      turn.record({ do: 'putSession', session: session.record() });
    }
    turn.record({ do: 'putWill', clientId: session.clientId, will: recordOf(will) });
  }

  /** DISCONNECT 0x00: the Will is not wanted any more. [MQTT-3.14.4-3] */
  forget(session: Session): void {
    this.#put(session, undefined);
  }

  /** The connection is gone without a proper DISCONNECT; its session goes on. */
  startDelay(session: Session): void {
    const { will } = session;
    if (will === undefined) return;
    const delay = Math.min(will.delayInterval, session.expiryInterval);
    if (delay === 0) {
      this.#send(session, will);
      return;
    }
    const dueAt = this.#engine.now() + delay * 1000;
    this.#wait(session, { ...will, dueAt });
  }

  /** The session is over, and its Will is due at the latest now. [MQTT-3.1.2-8] */
  sessionEnded(session: Session): void {
    const { will } = session;
    if (will !== undefined) this.#send(session, will);
  }

  /** Takes up a Will that the store had; one whose client was connected is due by its delay from now. */
  restore(session: Session, record: WillRecord): void {
    const delay = Math.min(record.delayInterval, session.expiryInterval);
    const dueAt = record.dueAt ?? this.#engine.now() + delay * 1000;
    this.#wait(session, {
      ...record,
      dueAt,
      client: undefined,
      owner: session.owner,
      permissions: undefined,
    });
  }

  #wait(session: Session, will: PendingWill & { readonly dueAt: number }): void {
    session.will = will;
    this.#record(session, will);
    const deadline = this.#engine.deadlines.create(() => this.#send(session, will));
    this.#delays.set(session, deadline);
    deadline.setIn(will.dueAt - this.#engine.now());
  }

  /** Published once only. [MQTT-3.1.2-10] */
  #send(session: Session, will: PendingWill): void {
    this.forget(session);
    const { rewriteWill } = this.#engine.hooks.slots;
    const { clientId } = session;
    const rewritten = rewriteWill === null ? undefined : rewriteWill({ clientId, will: will.message });
    const sending = whenDone(rewritten, (outcome) => {
      if (outcome === undefined) return this.#publish(session, will, will.message);
      if (!outcome.ok) {
        const { reasonCode, by, reasonString = 'it could not be rewritten' } = outcome.refusal;
        this.#tellRefused(will, will.message.topic, { reasonCode, by, reason: reasonString });
        return undefined;
      }
      if (outcome.value === null) return undefined;
      const { topic } = outcome.value;
      const fault = findTopicNameFault(topic, this.#engine.topicLimits);
      if (fault === undefined) return this.#publish(session, will, outcome.value);
      const { message: reason } = fault;
      this.#tellRefused(will, topic, { reasonCode: ReasonCode.TopicNameInvalid, reason, by: 'rewriteWill' });
      return undefined;
    });
    void sending;
  }

  #publish(session: Session, will: PendingWill, content: WillRecord['message']) {
    // Its Message Expiry Interval starts now, not at CONNECT.
    const message = createMessage(content, this.#engine.now());
    const { client: view, owner: principal, permissions } = will;
    const publisher: Publisher = {
      view,
      principal,
      permissions,
      mustBeAuthorized: true,
      session: undefined,
      waitsForStore: true,
    };
    return whenDone(this.#engine.publishing.publish(new MadeMessage(message), publisher), (outcome) => {
      if (outcome instanceof RefusedPublish) {
        this.#tellRefused(will, message.topic, { ...outcome, reason: outcome.forHost });
        return;
      }
      const sent = (): void => {
        tellPublished(this.#engine, outcome, publisher);
        this.#engine.hooks.slots.willSent?.({ clientId: message.publisherId, will: content });
      };
      if (outcome.heldUntil === 0) sent();
      else this.#engine.turn.hold({ stored: sent, failed: () => this.#sendLater(session, will, content) });
    });
  }

  /**
   * Nobody is left who would send it again: the broker does when the store has caught up. The store keeps it until
   * then, should it have forgotten it, and unless there is another by now.
   */
  #sendLater(session: Session, will: PendingWill, content: WillRecord['message']): void {
    const { turn } = this.#engine;
    if (!session.hasEnded && session.will === undefined) {
      const record = { ...recordOf(will), dueAt: this.#engine.now() };
      turn.undo({ do: 'putWill', clientId: session.clientId, will: record });
    }
    turn.whenCaughtUp(() => {
      if (!session.hasEnded && session.will === undefined) {
        turn.record({ do: 'deleteWill', clientId: session.clientId });
      }
      void this.#publish(session, will, content);
    });
  }

  #tellRefused(
    { client, message }: PendingWill,
    topic: string,
    { reasonCode, reason, by }: { reasonCode: number; reason: string; by: string },
  ): void {
    this.#engine.hooks.slots.refused?.({
      what: 'publish',
      reasonCode,
      reason: `the Will was not sent: ${reason}`,
      by,
      clientId: message.publisherId,
      remote: client?.remote,
      topic,
    });
  }

  #stopDelay(session: Session): void {
    this.#delays.get(session)?.cancel();
    this.#delays.delete(session);
  }
}

function recordOf(will: PendingWill): WillRecord {
  return { message: will.message, delayInterval: will.delayInterval, dueAt: will.dueAt };
}
