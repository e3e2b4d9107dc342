import type { FanOut } from '../publishing/fan-out.ts';
import type { Copy, Subscription } from '../routing/subscription.ts';
import type { RetainedFeed } from './retained-feed.ts';

const none: readonly RetainedFeed[] = Object.freeze([]);

/** The retained messages that a session's new subscriptions have yet to get, one feed after another. */
export class RetainedFeeds {
  /** Exactly as long as there are. */
  #feeds = none;

  get isEmpty(): boolean {
    return this.#feeds.length === 0;
  }

  /** One of the same filter that has not come to its end gives way: all begins anew. [MQTT-3.8.4-4] */
  add(feed: RetainedFeed): void {
    this.end(feed.filter);
    this.#feeds = this.#feeds.concat(feed);
  }

  /** The subscription took the place of another: what is still to come, comes as it says. [MQTT-3.8.4-3] */
  replace(subscription: Subscription): void {
    for (const feed of this.#feeds) feed.replace(subscription);
  }

  /** The subscription is gone: what was still to come does not come. [MQTT-3.10.4-2] */
  end(filter: string): void {
    if (!this.isEmpty) this.#feeds = this.#feeds.filter((feed) => feed.filter !== filter);
  }

  clear(): void {
    this.#feeds = none;
  }

  /** The next message on its way to the session; undefined when there are no more. */
  next(): { copy: Copy; fanOut: FanOut } | undefined {
    for (let feed = this.#feeds[0]; feed !== undefined; feed = this.#feeds[0]) {
      const copy = feed.next();
      if (copy !== undefined) return { copy, fanOut: feed.fanOutFor(copy) };
      this.#feeds = this.#feeds.slice(1);
    }
    return undefined;
  }
}
