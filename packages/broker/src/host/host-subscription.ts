import type { HostSubscription, MessageHandler, ReceivedMessage, SubscribeOptions } from '@carillon/hooks';
import { type FilterPattern, parseFilterPattern, parseSharedFilter } from '@carillon/topics';
import type { Engine } from '../engine.ts';
import { OptionError } from '../options/option-error.ts';
import { detachMessage } from '../publishing/broker-message.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import { RetainedFeed } from '../retained/retained-feed.ts';
import { type Copy, type Receiver, Subscription } from '../routing/subscription.ts';
import { received } from './received-message.ts';

const defaultQueueLength = 1000;

/** Runs `run` now, or as soon as the broker has started. */
export type WhenStarted = (run: () => void) => void;

/**
 * A subscription of this process. Messages wait in a queue of their own for the handler, which sees one at a
 * time: a slow or throwing handler harms only itself.
 */
export class InProcessSubscription implements HostSubscription, Receiver {
  readonly filter: string;
  readonly clientId: string;
  readonly publisherId: string;
  /** The host sees everything. */
  readonly mountPoint = '';
  readonly #engine: Engine;
  readonly #handler: MessageHandler;
  readonly #pattern: FilterPattern;
  readonly #subscription: Subscription;
  readonly #maximumQueued: number;
  #queue: ReceivedMessage[] = [];
  #retained: RetainedFeed | undefined = undefined;
  #isHandling = false;
  #isOver = false;
  /** Set when nothing new is taken any more: called when what was there is handled. */
  #whenDrained: (() => void) | undefined = undefined;

  /** Retained messages come once the broker has started, because the store may have them. */
  constructor(
    engine: Engine,
    filter: string,
    handler: MessageHandler,
    options: SubscribeOptions,
    whenStarted: WhenStarted,
  ) {
    this.#engine = engine;
    this.filter = filter;
    this.#handler = handler;
    this.clientId = options.publisherId ?? '';
    this.publisherId = this.clientId;
    this.#maximumQueued = queueLength(options.maximumQueuedMessages);
    this.#pattern = parseFilterPattern(filter, engine.topicLimits);
    const shared = parseSharedFilter(this.#pattern.filter);
    const { qos = 2, noLocal = false, retainHandling = 0 } = options;
    oneOf(qos, 'qos', [0, 1, 2]);
    oneOf(retainHandling, 'retainHandling', [0, 1, 2]);
    if (noLocal && shared !== undefined) {
      throw new OptionError('noLocal', noLocal, 'false for a shared subscription');
    }
    this.#subscription = new Subscription(this, {
      filter,
      topicFilter: shared?.filter ?? this.#pattern.filter,
      shareName: shared?.shareName,
      qos,
      noLocal,
      retainAsPublished: true,
      retainHandling,
      subscriptionIdentifier: undefined,
    });
    engine.router.add(this.#subscription);
    if (retainHandling !== 2 && shared === undefined) whenStarted(() => this.#feedRetained());
  }

  get isConnected(): boolean {
    return !this.#isOver;
  }

  get isStored(): boolean {
    return false;
  }

  takes(): boolean {
    return true;
  }

  get load(): number {
    return this.#queue.length;
  }

  get queued(): number {
    return this.#queue.length;
  }

  accept(copy: Copy, fanOut: FanOut): void {
    if (fanOut.heldUntil !== 0) {
      fanOut.hold({ release: (released) => this.#take(copy, released), withdraw: () => {} });
      return;
    }
    this.#take(copy, fanOut);
  }

  /** A handler sees each message by itself. */
  directLine(): undefined {
    return undefined;
  }

  /** Takes nothing new; `done` is called when what has come is handled. */
  finish(done: () => void): void {
    this.#engine.router.remove(this.#subscription);
    this.#whenDrained = done;
    this.#next();
  }

  unsubscribe(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue = [];
    this.#retained = undefined;
    this.#engine.router.remove(this.#subscription);
  }

  [Symbol.dispose](): void {
    this.unsubscribe();
  }

  #feedRetained(): void {
    if (this.#isOver) return;
    this.#retained = new RetainedFeed(this.#engine, this.#subscription);
    this.#engine.scheduler.atEndOfTurn(() => this.#next());
  }

  #take(copy: Copy, fanOut: FanOut): void {
    if (this.#isOver) return;
    if (this.#queue.length >= this.#maximumQueued) {
      this.#engine.drop(copy.content, 'handler-full', undefined, fanOut);
      return;
    }
    this.#queue.push(this.#receive(copy, false));
    fanOut.sent++;
    this.#next();
  }

  #receive({ message, qos }: Copy, retained: boolean): ReceivedMessage {
    const own = qos === message.qos ? message : { ...message, qos };
    return received(detachMessage(own), retained, this.#pattern.parametersOf(message.topic));
  }

  /** Calls the handler for one message after another; only promises are waited for. */
  #next(): void {
    while (!this.#isHandling && !this.#isOver) {
      const message = this.#queue.shift() ?? this.#nextRetained();
      if (message === undefined) {
        this.#whenDrained?.();
        return;
      }
      this.#isHandling = true;
      try {
        const pending = this.#handler(message);
        if (pending === undefined) this.#isHandling = false;
        else void this.#waitFor(pending, message);
      } catch (error) {
        this.#isHandling = false;
        this.#report(error, message);
      }
    }
  }

  #nextRetained(): ReceivedMessage | undefined {
    const copy = this.#retained?.next();
    if (copy === undefined) this.#retained = undefined;
    return copy === undefined ? undefined : this.#receive(copy, true);
  }

  async #waitFor(pending: Promise<void>, message: ReceivedMessage): Promise<void> {
    try {
      await pending;
    } catch (error) {
      this.#report(error, message);
    }
    this.#isHandling = false;
    this.#next();
  }

  #report(error: unknown, { topic }: ReceivedMessage): void {
    this.#engine.logger.error({ err: error, filter: this.filter, topic }, 'a message handler failed');
  }
}

function oneOf(value: number, key: string, choices: readonly number[]): void {
  if (!choices.includes(value)) throw new OptionError(key, value, `one of ${choices.join(', ')}`);
}

function queueLength(value: number | undefined): number {
  if (value === undefined) return defaultQueueLength;
  if (!Number.isInteger(value) || value < 1) {
    throw new OptionError('maximumQueuedMessages', value, 'a whole number from 1 on');
  }
  return value;
}
