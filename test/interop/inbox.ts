import { within } from './time-limit.ts';

interface Waiting<T> {
  take(item: T): void;
  giveUp(error: Error): void;
}

/** What arrives, in order, for whoever waits for it. */
export class Inbox<T> {
  readonly #what: string;
  readonly #items: T[] = [];
  readonly #waiting: Waiting<T>[] = [];
  #failure: Error | undefined = undefined;

  /** @param what What arrives here, for the error of who waits in vain. */
  constructor(what: string) {
    this.#what = what;
  }

  push(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting.take(item);
  }

  /** Nothing more will come. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.giveUp(this.#failure);
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const arrival = new Promise<T>((take, giveUp) => {
      this.#waiting.push({ take, giveUp });
    });
    return within(this.#what, arrival);
  }
}
