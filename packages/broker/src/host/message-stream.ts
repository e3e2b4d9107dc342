import type { MessageStream, ReceivedMessage, SubscribeOptions } from '@carillon/hooks';
import type { Engine } from '../engine.ts';
import { InProcessSubscription, type WhenStarted } from './host-subscription.ts';

type Step = IteratorResult<ReceivedMessage, undefined>;

/** The messages of a filter for `for await`: a subscription whose handler is the loop's body. */
export class SubscriptionStream implements MessageStream {
  readonly #subscription: InProcessSubscription;
  readonly #whenOver: (stream: SubscriptionStream) => void;
  /** The message that is on offer, until the loop comes for it. */
  #offered: ReceivedMessage | undefined = undefined;
  #taken: (() => void) | undefined = undefined;
  /** Those who came before their message did. */
  #waiting: ((step: Step) => void)[] = [];
  #state: 'open' | 'ending' | 'over' = 'open';

  constructor(
    engine: Engine,
    filter: string,
    options: SubscribeOptions,
    whenStarted: WhenStarted,
    whenOver: (stream: SubscriptionStream) => void = () => {},
  ) {
    this.#whenOver = whenOver;
    this.#subscription = new InProcessSubscription(
      engine,
      filter,
      (message) => this.#offer(message),
      options,
      whenStarted,
    );
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    const message = this.#offered;
    if (message !== undefined) {
      this.#offered = undefined;
      this.#taken?.();
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#state === 'over') return Promise.resolve(over);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  return(): Promise<Step> {
    this.#finish();
    return Promise.resolve(over);
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#subscription.finish(() => this.#finish());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
    return Promise.resolve();
  }

  #offer(message: ReceivedMessage): Promise<void> | undefined {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: message });
      return undefined;
    }
    this.#offered = message;
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  #finish(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#offered = undefined;
    this.#subscription.unsubscribe();
    this.#taken?.();
    for (const waiting of this.#waiting.splice(0)) waiting(over);
    this.#whenOver(this);
  }
}

const over: Step = { done: true, value: undefined };
