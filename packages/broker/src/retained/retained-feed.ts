import type { Message } from '@carillon/persistence';
import { matchesWithin } from '../connection/mount-point.ts';
import type { Engine } from '../engine.ts';
import { MadeMessage } from '../publishing/content.ts';
import { FanOut } from '../publishing/fan-out.ts';
import { lowerQoS } from '../publishing/lower-qos.ts';
import { Copy, type Subscription } from '../routing/subscription.ts';

/**
 * The retained messages for one new subscription, handed out one by one as the receiver has room: a
 * subscription to `#` costs no memory, however much is retained.
 */
export class RetainedFeed {
  readonly filter: string;
  readonly #engine: Engine;
  #subscription: Subscription;
  readonly #messages: IterableIterator<Message>;

  constructor(engine: Engine, subscription: Subscription) {
    this.#engine = engine;
    this.#subscription = subscription;
    this.filter = subscription.record.filter;
    this.#messages = engine.retained.matching(subscription.record.topicFilter);
  }

  next(): Copy | undefined {
    for (;;) {
      const step = this.#messages.next();
      if (step.done === true) return undefined;
      if (this.#isHeldBack(step.value)) continue;
      return this.#copyOf(step.value);
    }
  }

  /** Goes on for the subscription, if that took the place of the one it was made for. */
  replace(subscription: Subscription): void {
    if (subscription.record.filter === this.filter) this.#subscription = subscription;
  }

  fanOutFor(copy: Copy): FanOut {
    return new FanOut(copy.content, this.#engine.now());
  }

  /** No Local holds back a retained message of one's own too: the rule speaks of messages, live or not. [MQTT-3.8.3-3] */
  #isHeldBack({ publisherId, topic }: Message): boolean {
    const { record, receiver } = this.#subscription;
    if (record.noLocal && publisherId === receiver.publisherId) return true;
    return !receiver.takes(topic) || !matchesWithin(receiver.mountPoint, record.topicFilter, topic);
  }

  #copyOf(message: Message): Copy {
    const { qos, subscriptionIdentifier } = this.#subscription.record;
    const identifiers = subscriptionIdentifier === undefined ? [] : [subscriptionIdentifier];
    // RETAIN is set, whatever Retain As Published says. [MQTT-3.3.1-9]
    return new Copy(new MadeMessage(message), lowerQoS(qos, message.qos), true, identifiers, undefined);
  }
}
