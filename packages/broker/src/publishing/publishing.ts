import type { ClientView, Principal, PublishEvent, Refusal } from '@carillon/hooks';
import type { MaybePromise, Message } from '@carillon/persistence';
import { type DecodedPublish, type ProtocolVersion, ReasonCode } from '@carillon/protocol';
import { findTopicNameFault } from '@carillon/topics';
import type { Engine } from '../engine.ts';
import { type Destination, type Route, withoutNoLocal } from '../routing/router.ts';
import type { ShareGroup } from '../routing/share-group.ts';
import { Copy, type Receiver } from '../routing/subscription.ts';
import type { Session } from '../session/session.ts';
import { whenDone } from '../when-done.ts';
import { type Content, MadeMessage } from './content.ts';
import { FanOut } from './fan-out.ts';
import { lowerQoS } from './lower-qos.ts';
import { allowsTopic, type Permissions } from './permissions.ts';

/** A message that was not taken over, and why. */
export class RefusedPublish {
  readonly reasonCode: number;
  readonly reason: string;
  readonly by: string;
  readonly refusal: Refusal | undefined;
  /** Not allowed at all, or only not done this time: a plugin failed, or the host's transaction. */
  readonly why: 'not-allowed' | 'not-done';
  /** The reason as the host is told it. */
  readonly forHost: string;

  constructor(
    reasonCode: number,
    reason: string,
    by: string,
    { refusal, why = 'not-allowed' }: { refusal?: Refusal; why?: 'not-allowed' | 'not-done' } = {},
  ) {
    this.reasonCode = reasonCode;
    this.reason = reason;
    this.forHost = refusal?.because ?? reason;
    this.by = by;
    this.refusal = refusal;
    this.why = why;
  }
}

/** Who publishes: nobody but the topic's own checks stand in the way of the host. */
export interface Publisher {
  readonly view: ClientView | undefined;
  /** Also when there is no view of it any more. */
  readonly principal: Principal | undefined;
  readonly permissions: Permissions | undefined;
  /** Whether `authorizePublish` is asked. */
  readonly mustBeAuthorized: boolean;
  /** Where the identifiers of its QoS 2 messages are noted; undefined for those who have none. */
  readonly session: Session | undefined;
  /** Whether QoS 1 reaches nobody before it is stored either, because nobody would send it again. */
  readonly waitsForStore?: boolean;
}

export const hostPublisher: Publisher = Object.freeze({
  view: undefined,
  principal: undefined,
  permissions: undefined,
  mustBeAuthorized: false,
  session: undefined,
});

const bridgePublisher: Publisher = Object.freeze({ ...hostPublisher, mustBeAuthorized: true });

/** Who publishes from inside the process. */
export function publisherOf(origin: 'host' | 'bridge' = 'host'): Publisher {
  return origin === 'bridge' ? bridgePublisher : hostPublisher;
}
const noIdentifiers: readonly number[] = Object.freeze([]);

/** The way of a message from "somebody wants to publish" to its receivers, the same for every origin. */
export class Publishing {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Permissions, `authorizePublish`, `rewritePublish`, `commitPublish`, then retained store and receivers.
   * Synchronous unless a hook answers by promise. `packet` is what the content came in, of MQTT `version`.
   */
  publish(
    content: Content,
    publisher: Publisher,
    packet?: DecodedPublish,
    version: ProtocolVersion = 5,
  ): MaybePromise<FanOut | RefusedPublish> {
    const { authorizePublish, rewritePublish, commitPublish, rewriteRetained } = this.#engine.hooks.slots;
    if (!allowsTopic(publisher, content.topic)) return notPermitted(content.topic);
    if (
      (authorizePublish === null || !publisher.mustBeAuthorized) &&
      rewritePublish === null &&
      commitPublish === null &&
      (rewriteRetained === null || !content.retain)
    ) {
      return this.#takeOver(new FanOut(content, content.receivedAt, packet, version), content, publisher);
    }
    return this.#askHooks(content, publisher, packet, version);
  }

  /** Whether somebody may publish the message, as `publish` would find; undefined when so. */
  judge(message: Message, publisher: Publisher): MaybePromise<RefusedPublish | undefined> {
    return allowsTopic(publisher, message.topic)
      ? this.#authorize(message, publisher)
      : notPermitted(message.topic);
  }

  /** As publish, past all hooks: for `$SYS`, which is kept in memory only. */
  publishSystem(message: Message): FanOut {
    const fanOut = new FanOut(new MadeMessage(message), this.#engine.now());
    if (message.retain) this.#engine.retained.keepSystem(message);
    this.#reach(fanOut, this.#engine.router.route(message.topic));
    return fanOut;
  }

  /** Gives a message of a share group to another member, when the one who had it is gone. */
  redistribute(content: Content, group: ShareGroup, except: ReadonlySet<Receiver>): void {
    const fanOut = new FanOut(content, this.#engine.now());
    fanOut.isPassedOn = true;
    this.#reachGroup(group, fanOut, except);
  }

  #askHooks(
    content: Content,
    publisher: Publisher,
    packet: DecodedPublish | undefined,
    version: ProtocolVersion,
  ): MaybePromise<FanOut | RefusedPublish> {
    const { message } = content;
    return whenDone(this.#authorize(message, publisher), (refused) => {
      if (refused !== undefined) return refused;
      return whenDone(this.#rewrite(message, publisher), (rewritten) => {
        if (rewritten instanceof RefusedPublish) return rewritten;
        return whenDone(this.#commit(rewritten, publisher), (retained) => {
          if (retained instanceof RefusedPublish) return retained;
          const now = this.#engine.now();
          // What a hook has changed is not what came any more.
          const fanOut =
            rewritten === message
              ? new FanOut(content, now, packet, version)
              : new FanOut(new MadeMessage(rewritten), now);
          const kept = retained === rewritten ? fanOut.content : retained && new MadeMessage(retained);
          return this.#takeOver(fanOut, kept, publisher);
        });
      });
    });
  }

  #authorize(message: Message, publisher: Publisher): MaybePromise<RefusedPublish | undefined> {
    const authorize = this.#engine.hooks.slots.authorizePublish;
    if (authorize === null || !publisher.mustBeAuthorized) return undefined;
    return whenDone(authorize(publishEvent(message, publisher)), (verdict) =>
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
    return whenDone(rewrite(publishEvent(message, publisher)), (outcome) => {
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

  /**
   * The host's own transaction comes before anybody sees the message: what it refuses has not happened. Gives the
   * message as it is to be retained.
   */
  #commit(message: Message, publisher: Publisher): MaybePromise<Message | null | RefusedPublish> {
    const commit = this.#engine.hooks.slots.commitPublish;
    const event = publishEvent(message, publisher);
    const refusal = commit === null ? undefined : commit(event);
    return whenDone(refusal, (refused) =>
      refused === undefined ? this.#rewriteRetained(event) : hookRefused(refused),
    );
  }

  #rewriteRetained(event: PublishEvent): MaybePromise<Message | null | RefusedPublish> {
    const rewrite = this.#engine.hooks.slots.rewriteRetained;
    const { message } = event;
    if (rewrite === null || !message.retain) return message;
    return whenDone(rewrite(event), (outcome) => {
      if (!outcome.ok) return hookRefused(outcome.refusal);
      const retained = outcome.value;
      if (retained === null || retained.topic === message.topic) return retained;
      const fault = findTopicNameFault(retained.topic, this.#engine.topicLimits);
      if (fault === undefined) return retained;
      return new RefusedPublish(ReasonCode.TopicNameInvalid, fault.message, 'rewriteRetained');
    });
  }

  /** The broker is now responsible for the message. */
  #takeOver(fanOut: FanOut, retained: Content | null, publisher: Publisher): FanOut {
    const { turn, router } = this.#engine;
    const { content } = fanOut;
    const route = router.route(content.topic);
    // QoS 2 reaches nobody before everything that is to be stored of it is.
    const mustWait = content.qos === 2 || (content.qos === 1 && publisher.waitsForStore === true);
    if (mustWait && (content.retain || leavesTraces(publisher, route))) fanOut.heldUntil = turn.number;
    if (content.retain && retained !== null) this.#engine.retained.keep(retained, fanOut);
    this.#reach(fanOut, route);
    if (fanOut.heldUntil !== 0) turn.hold(fanOut);
    return fanOut;
  }

  #reach(fanOut: FanOut, { destinations, groups }: Route): void {
    for (const destination of destinations) this.#reachDestination(destination, fanOut);
    for (const group of groups) this.#reachGroup(group, fanOut, undefined);
  }

  #reachDestination(matching: Destination, fanOut: FanOut): void {
    const { content } = fanOut;
    const destination =
      matching.subscriptions === undefined ? matching : withoutNoLocal(matching, content.publisherId);
    if (destination === undefined) return;
    fanOut.matched++;
    const { receiver, qos, retainAsPublished, subscriptionIdentifiers } = destination;
    // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
    const retain = content.retain && retainAsPublished;
    const copy = new Copy(content, lowerQoS(qos, content.qos), retain, subscriptionIdentifiers, undefined);
    receiver.accept(copy, fanOut);
  }

  /** One member of the group gets the message. */
  #reachGroup(group: ShareGroup, fanOut: FanOut, except: ReadonlySet<Receiver> | undefined): void {
    const { content } = fanOut;
    fanOut.matched++;
    const candidates = group.candidates(except);
    const member =
      candidates.length === 0
        ? undefined
        : group.choose(
            candidates,
            content,
            this.#engine.options.shareStrategy,
            this.#engine.hooks.slots.selectShared,
          );
    if (member === undefined) {
      this.#engine.drop(content, 'no-share-member', undefined, fanOut);
      return;
    }
    const { qos, retainAsPublished, subscriptionIdentifier, filter } = member.record;
    const retain = content.retain && retainAsPublished;
    const identifiers = subscriptionIdentifier === undefined ? noIdentifiers : [subscriptionIdentifier];
    member.receiver.accept(
      new Copy(content, lowerQoS(qos, content.qos), retain, identifiers, filter),
      fanOut,
    );
  }
}

/** Whether anything of a QoS 2 message will be stored: its identifier, or somebody's copy of it. */
function leavesTraces({ session }: Publisher, { destinations, groups }: Route): boolean {
  return (
    session?.isStored === true ||
    destinations.some(({ receiver }) => receiver.isStored) ||
    groups.some(({ members }) => members.some(({ receiver }) => receiver.isStored))
  );
}

function publishEvent(message: Message, { view, principal }: Publisher): PublishEvent {
  return { message, client: view, publisher: principal };
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
