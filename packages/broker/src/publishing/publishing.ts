import type { ClientView, PublishEvent, Refusal } from '@carillon/hooks';
import type { MaybePromise, Message } from '@carillon/persistence';
import { ReasonCode } from '@carillon/protocol';
import { findTopicNameFault } from '@carillon/topics';
import type { Engine } from '../engine.ts';
import { type Destination, withoutNoLocal } from '../routing/router.ts';
import type { ShareGroup } from '../routing/share-group.ts';
import type { Receiver } from '../routing/subscription.ts';
import { whenDone } from '../when-done.ts';
import { FanOut } from './fan-out.ts';
import { lowerQoS } from './lower-qos.ts';
import { allowsTopic, type Permissions } from './permissions.ts';
import type { SourceFrame } from './publish-frame.ts';

/** A message that was not taken over, and why. */
export class RefusedPublish {
  readonly reasonCode: number;
  readonly reason: string;
  readonly by: string;
  readonly refusal: Refusal | undefined;
  /** Not allowed at all, or only not done this time: a plugin failed, or the host's transaction. */
  readonly why: 'not-allowed' | 'not-done';

  constructor(
    reasonCode: number,
    reason: string,
    by: string,
    { refusal, why = 'not-allowed' }: { refusal?: Refusal; why?: 'not-allowed' | 'not-done' } = {},
  ) {
    this.reasonCode = reasonCode;
    this.reason = reason;
    this.by = by;
    this.refusal = refusal;
    this.why = why;
  }
}

/** Who publishes: nobody but the topic's own checks stand in the way of the host. */
export interface Publisher {
  readonly view: ClientView | undefined;
  readonly permissions: Permissions | undefined;
  /** Whether `authorizePublish` is asked. */
  readonly mustBeAuthorized: boolean;
}

export const hostPublisher: Publisher = Object.freeze({
  view: undefined,
  permissions: undefined,
  mustBeAuthorized: false,
});

const bridgePublisher: Publisher = Object.freeze({ ...hostPublisher, mustBeAuthorized: true });

/** Who publishes from inside the process. */
export function publisherOf(origin: 'host' | 'bridge' = 'host'): Publisher {
  return origin === 'bridge' ? bridgePublisher : hostPublisher;
}

/** The way of a message from "somebody wants to publish" to its receivers, the same for every origin. */
export class Publishing {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Permissions, `authorizePublish`, `rewritePublish`, `commitPublish`, then retained store and receivers.
   * Synchronous unless a hook answers by promise.
   */
  publish(
    message: Message,
    publisher: Publisher,
    source?: SourceFrame,
  ): MaybePromise<FanOut | RefusedPublish> {
    const { authorizePublish, rewritePublish, commitPublish, rewriteRetained } = this.#engine.hooks.slots;
    if (!allowsTopic(publisher, message.topic)) return notPermitted(message.topic);
    if (
      (authorizePublish === null || !publisher.mustBeAuthorized) &&
      rewritePublish === null &&
      commitPublish === null &&
      (rewriteRetained === null || !message.retain)
    ) {
      return this.#takeOver(message, message, message.receivedAt, source);
    }
    return this.#askHooks(message, publisher, source);
  }

  /** As publish, past all hooks: for `$SYS`, which is kept in memory only. */
  publishSystem(message: Message): FanOut {
    const fanOut = new FanOut(message, this.#engine.now(), 0);
    if (message.retain) this.#engine.retained.keepSystem(message);
    this.#reach(fanOut);
    return fanOut;
  }

  /** Gives a message of a share group to another member, when the one who had it is gone. */
  redistribute(message: Message, group: ShareGroup, except: ReadonlySet<Receiver>): void {
    const fanOut = new FanOut(message, this.#engine.now(), 0);
    this.#reachGroup(group, fanOut, except);
  }

  #askHooks(
    message: Message,
    publisher: Publisher,
    source: SourceFrame | undefined,
  ): MaybePromise<FanOut | RefusedPublish> {
    return whenDone(this.#authorize(message, publisher), (refused) => {
      if (refused !== undefined) return refused;
      return whenDone(this.#rewrite(message, publisher), (rewritten) => {
        if (rewritten instanceof RefusedPublish) return rewritten;
        return this.#commit(rewritten, publisher, source);
      });
    });
  }

  #authorize(message: Message, publisher: Publisher): MaybePromise<RefusedPublish | undefined> {
    const authorize = this.#engine.hooks.slots.authorizePublish;
    if (authorize === null || !publisher.mustBeAuthorized) return undefined;
    return whenDone(authorize({ message, client: publisher.view }), (verdict) =>
      verdict.allowed
        ? undefined
        : new RefusedPublish(
            verdict.reasonCode,
            verdict.reasonString ?? 'not authorized to publish this',
            verdict.by,
            {
              refusal: { allow: false, ...verdict },
              why: verdict.cause === 'failed' ? 'not-done' : 'not-allowed',
            },
          ),
    );
  }

  /** A rewritten topic is a new one: its legality and the right to publish to it are asked again. */
  #rewrite(message: Message, publisher: Publisher): MaybePromise<Message | RefusedPublish> {
    const rewrite = this.#engine.hooks.slots.rewritePublish;
    if (rewrite === null) return message;
    return whenDone(rewrite({ message, client: publisher.view }), (outcome) => {
      if (!outcome.ok) return hookRefused(outcome.refusal);
      const changed = outcome.value;
      if (changed.topic === message.topic) return changed;
      const fault = findTopicNameFault(changed.topic, this.#engine.topicLimits);
      if (fault !== undefined) {
        return new RefusedPublish(ReasonCode.TopicNameInvalid, fault.message, 'rewritePublish');
      }
      if (!allowsTopic(publisher, changed.topic)) return notPermitted(changed.topic);
      return whenDone(this.#authorize(changed, publisher), (refused) => refused ?? changed);
    });
  }

  /** The host's own transaction comes before anybody sees the message: what it refuses has not happened. */
  #commit(
    message: Message,
    publisher: Publisher,
    source: SourceFrame | undefined,
  ): MaybePromise<FanOut | RefusedPublish> {
    const commit = this.#engine.hooks.slots.commitPublish;
    const event: PublishEvent = { message, client: publisher.view };
    const refusal = commit === null ? undefined : commit(event);
    return whenDone(refusal, (refused) => {
      if (refused !== undefined) return hookRefused(refused);
      return whenDone(this.#rewriteRetained(event), (retained) =>
        retained instanceof RefusedPublish
          ? retained
          : this.#takeOver(message, retained, this.#engine.now(), source),
      );
    });
  }

  #rewriteRetained(event: PublishEvent): MaybePromise<Message | null | RefusedPublish> {
    const rewrite = this.#engine.hooks.slots.rewriteRetained;
    const { message } = event;
    if (rewrite === null || !message.retain) return message;
    return whenDone(rewrite(event), (outcome) => {
      if (!outcome.ok) return hookRefused(outcome.refusal);
      return outcome.value;
    });
  }

  /** The broker is now responsible for the message. */
  #takeOver(
    message: Message,
    retained: Message | null,
    now: number,
    source: SourceFrame | undefined,
  ): FanOut {
    const { turn } = this.#engine;
    const fanOut = new FanOut(message, now, message.qos === 2 ? turn.number : 0, source);
    if (message.retain && retained !== null) this.#engine.retained.keep(retained, fanOut);
    this.#reach(fanOut);
    if (fanOut.heldUntil !== 0) turn.hold(fanOut);
    return fanOut;
  }

  #reach(fanOut: FanOut): void {
    const route = this.#engine.router.route(fanOut.message.topic);
    for (const destination of route.destinations) this.#reachDestination(destination, fanOut);
    for (const group of route.groups) this.#reachGroup(group, fanOut, undefined);
  }

  #reachDestination(matching: Destination, fanOut: FanOut): void {
    const { message } = fanOut;
    const destination = matching.subscriptions === undefined ? matching : withoutNoLocal(matching, message);
    if (destination === undefined) return;
    fanOut.matched++;
    destination.receiver.accept(
      {
        message,
        qos: lowerQoS(destination.qos, message.qos),
        // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
        retain: message.retain && destination.retainAsPublished,
        subscriptionIdentifiers: destination.subscriptionIdentifiers,
        share: undefined,
      },
      fanOut,
    );
  }

  /** One member of the group gets the message. */
  #reachGroup(group: ShareGroup, fanOut: FanOut, except: ReadonlySet<Receiver> | undefined): void {
    const { message } = fanOut;
    fanOut.matched++;
    const candidates = group.candidates(except);
    const member =
      candidates.length === 0
        ? undefined
        : group.choose(
            candidates,
            message,
            this.#engine.options.shareStrategy,
            this.#engine.hooks.slots.selectShared,
          );
    if (member === undefined) {
      this.#engine.drop(message, 'no-share-member', undefined, fanOut);
      return;
    }
    const { record, receiver } = member;
    receiver.accept(
      {
        message,
        qos: lowerQoS(record.qos, message.qos),
        retain: message.retain && record.retainAsPublished,
        subscriptionIdentifiers:
          record.subscriptionIdentifier === undefined ? [] : [record.subscriptionIdentifier],
        share: record.filter,
      },
      fanOut,
    );
  }
}

function notPermitted(topic: string): RefusedPublish {
  return new RefusedPublish(
    ReasonCode.NotAuthorized,
    `the client's permissions do not let it publish to "${topic}"`,
    'permissions',
  );
}

function hookRefused(refusal: { reasonCode: number; reasonString?: string | undefined; by: string }) {
  const { reasonCode, reasonString = 'refused', by } = refusal;
  return new RefusedPublish(reasonCode, reasonString, by, { why: 'not-done' });
}
