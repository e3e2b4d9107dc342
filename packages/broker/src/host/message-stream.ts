import type { MessageStream, ReceivedMessage, SubscribeOptions } from '@carillon/hooks';
import type { Engine } from '../engine.ts';
import { InProcessSubscription } from './host-subscription.ts';

/** The messages of a filter for `for await`: a subscription whose handler is the loop's body. */
export class SubscriptionStream implements MessageStream {
  readonly #subscription: InProcessSubscription;
  /** The message that is on offer, until the loop comes for it. */
  #offered: ReceivedMessage | undefined = undefined;
  #taken: (() => void) | undefined = undefined;
  #waiting: ((result: IteratorResult<ReceivedMessage, undefined>) => void) | undefined = undefined;
  #state: 'open' | 'ending' | 'over' = 'open';

  constructor(engine: Engine, filter: string, options: SubscribeOptions) {
    this.#subscription = new InProcessSubscription(
      engine,
      filter,
      (message) => this.#offer(message),
      options,
    );
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    const message = this.#offered;
    if (message !== undefined) {
      this.#offered = undefined;
      this.#taken?.();
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#state === 'ending') this.#finish();
    if (this.#state === 'over') return Promise.resolve(over);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    this.#finish();
    return Promise.resolve(over);
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    if (this.#waiting !== undefined) this.#finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
    return Promise.resolve();
  }

  #offer(message: ReceivedMessage): Promise<void> | undefined {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
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
    this.#waiting?.(over);
    this.#waiting = undefined;
  }
}

const over: IteratorResult<ReceivedMessage, undefined> = { done: true, value: undefined };
