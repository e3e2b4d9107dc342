import type { ClientView, Message } from '@carillon/hooks';
import { BoundedMap } from '@carillon/hooks/bounded';
import type { GuardSettings, Rate } from './guard-options.ts';
import { TokenBucket } from './token-bucket.ts';

interface Buckets {
  readonly messages: TokenBucket | undefined;
  readonly bytes: TokenBucket | undefined;
}

/** What has to happen before a message goes on: nothing, a wait in milliseconds, or the end of the connection. */
export type Pace = 0 | { readonly wait: number } | 'too-fast';

/** How fast each client publishes. By client id, so that coming back does not fill the buckets. */
export class PublishRates {
  readonly #settings: GuardSettings;
  readonly #buckets: BoundedMap<string, Buckets>;

  constructor(settings: GuardSettings) {
    this.#settings = settings;
    this.#buckets = new BoundedMap(settings.maximumTracked);
  }

  /** Counts a message. */
  paceOf(client: ClientView, { topic, payload }: Message, now: number): Pace {
    const messageRate = rateOf(client.limits.publishRate, this.#settings.messages);
    const byteRate = rateOf(client.limits.publishBytesRate, this.#settings.bytes);
    if (messageRate === undefined && byteRate === undefined) return 0;
    const { messages, bytes } = this.#bucketsOf(client, messageRate, byteRate, now);
    const size = bytes === undefined ? 0 : Buffer.byteLength(topic) + payload.length;
    const wait = Math.max(messages?.take(1, now) ?? 0, bytes?.take(size, now) ?? 0);
    if (wait === 0) return 0;
    const strained = Math.max(messages?.strainedFor(now) ?? 0, bytes?.strainedFor(now) ?? 0);
    return strained + wait > this.#settings.patience ? 'too-fast' : { wait };
  }

  #bucketsOf(
    { id }: ClientView,
    messageRate: Rate | undefined,
    byteRate: Rate | undefined,
    now: number,
  ): Buckets {
    const known = this.#buckets.get(id);
    if (known !== undefined) return known;
    const buckets = {
      messages: messageRate && new TokenBucket(messageRate, now),
      bytes: byteRate && new TokenBucket(byteRate, now),
    };
    this.#buckets.set(id, buckets);
    return buckets;
  }
}

/** The answer of the authentication goes before the option. */
function rateOf(granted: number | undefined, general: Rate | undefined): Rate | undefined {
  return granted === undefined ? general : { perSecond: granted };
}
