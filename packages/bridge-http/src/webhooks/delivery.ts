import { messageOf } from '@carillon/hooks/checks';
import { retryAfter, verdictOf } from './answer.ts';
import type { ArrivedMessage } from './arrived-message.ts';
import { Attempts } from './attempts.ts';
import { backOffAfter } from './back-off.ts';
import { deadLetter } from './dead-letter.ts';
import type { Poster } from './post.ts';
import { type Surroundings, wait } from './surroundings.ts';
import { WebhookError } from './webhook-error.ts';
import type { WebhookSettings } from './webhook-settings.ts';
import type { WebhookDropReason } from './webhook-state.ts';

/** What became of a message. */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'dead-lettered' }
  | { readonly kind: 'dropped'; readonly reason: WebhookDropReason }
  /** The webhook was stopped first: the message stays where it is. */
  | { readonly kind: 'left' };

/** Who is told how a delivery goes. */
export interface DeliveryObserver {
  answered(status: number): void;
  /** An attempt came to nothing. */
  failed(error: WebhookError): void;
  retrying(): void;
  /** The receiver wants no more: it is to be left alone. */
  gone(error: WebhookError): void;
  /** A message is given up; the last error says why. */
  givenUp(message: ArrivedMessage, error: WebhookError): void;
}

/** What a delivery is made of. */
export interface DeliveryOptions {
  readonly settings: WebhookSettings;
  readonly poster: Poster;
  readonly surroundings: Surroundings;
  readonly observer: DeliveryObserver;
}

/** What one attempt came to. */
interface Failure {
  readonly error: WebhookError;
  readonly status: number | undefined;
  readonly isFinal: boolean;
  /** Milliseconds that the receiver asks to be left alone. */
  readonly retryAfter: number;
}

/** The way of one message to the receiver, or to where it goes instead. */
export class Delivery {
  readonly #message: ArrivedMessage;
  readonly #options: DeliveryOptions;
  readonly #attempts: Attempts;
  readonly #stop: AbortSignal;

  constructor(message: ArrivedMessage, options: DeliveryOptions, stop: AbortSignal) {
    const { settings, poster, surroundings } = options;
    this.#message = message;
    this.#options = options;
    this.#attempts = new Attempts(message, settings, poster, surroundings.clock);
    this.#stop = stop;
  }

  async run(): Promise<Outcome> {
    const { settings, surroundings, observer } = this.#options;
    const { length } = this.#message.payload;
    if (length > settings.maximumPayloadSize) {
      const why = `the payload has ${length} bytes, more than maximumPayloadSize (${settings.maximumPayloadSize})`;
      return this.#giveUp(new WebhookError('WEBHOOK_TOO_LARGE', why), undefined, 'too-large');
    }
    for (;;) {
      if (this.#hasExpired) return this.#expired();
      if (this.#stop.aborted) return { kind: 'left' };
      const failure = await this.#attempt();
      if (failure === undefined) return { kind: 'delivered' };
      if (this.#stop.aborted) return { kind: 'left' };
      observer.failed(failure.error);
      if (settings.undeliverable.kind !== 'keep' && (failure.isFinal || this.#isLast)) {
        return this.#giveUp(failure.error, failure.status, 'undeliverable');
      }
      const backOff = backOffAfter(this.#attempts.count, settings.backOff, surroundings.random);
      await wait(
        surroundings.clock,
        Math.max(backOff, Math.min(failure.retryAfter, settings.maximumRetryAfter)),
        this.#stop,
      );
      if (!this.#stop.aborted) observer.retrying();
    }
  }

  get #hasExpired(): boolean {
    return this.#options.surroundings.clock.elapsed() > this.#message.expiresAt;
  }

  get #isLast(): boolean {
    const { settings, surroundings } = this.#options;
    const age = (surroundings.clock.now() - this.#message.receivedAt) / 1000;
    return this.#attempts.count >= settings.maximumAttempts || age >= settings.maximumAge;
  }

  /** Undefined when the receiver has it. */
  async #attempt(): Promise<Failure | undefined> {
    const { settings, surroundings, observer } = this.#options;
    try {
      const answer = await this.#attempts.next(this.#stop);
      observer.answered(answer.status);
      const verdict = verdictOf(answer.status);
      if (verdict === 'delivered') return undefined;
      const { origin } = settings.url;
      const error =
        verdict === 'gone'
          ? new WebhookError(
              'WEBHOOK_GONE',
              `${origin} answered 410: it wants no more; the webhook has stopped`,
            )
          : new WebhookError('WEBHOOK_REFUSED', `${origin} answered ${answer.status}`);
      if (verdict === 'gone') observer.gone(error);
      return {
        error,
        status: answer.status,
        isFinal: verdict === 'final',
        retryAfter: retryAfter(answer.retryAfter, surroundings.clock.now()),
      };
    } catch (error) {
      return { error: asWebhookError(error), status: undefined, isFinal: false, retryAfter: 0 };
    }
  }

  #expired(): Outcome {
    const error = new WebhookError('WEBHOOK_EXPIRED', 'the Message Expiry Interval ran out');
    this.#options.observer.givenUp(this.#message, error);
    return { kind: 'dropped', reason: 'expired' };
  }

  async #giveUp(
    error: WebhookError,
    status: number | undefined,
    reason: WebhookDropReason,
  ): Promise<Outcome> {
    const { settings, surroundings, observer } = this.#options;
    const { undeliverable, id } = settings;
    observer.givenUp(this.#message, error);
    if (undeliverable.kind !== 'dead-letter') return { kind: 'dropped', reason };
    const letter = { webhook: id, topic: undeliverable.topic, status, error, attempts: this.#attempts.count };
    for (let failures = 1; !this.#stop.aborted; failures++) {
      try {
        await deadLetter(surroundings.broker, this.#message, letter);
        return { kind: 'dead-lettered' };
      } catch (thrown) {
        if (this.#stop.aborted) break;
        const why = messageOf(thrown);
        observer.failed(new WebhookError('WEBHOOK_DEAD_LETTER_REFUSED', `no dead letter: ${why}`, thrown));
        const delay = backOffAfter(failures, settings.backOff, surroundings.random);
        await wait(surroundings.clock, delay, this.#stop);
      }
    }
    return { kind: 'left' };
  }
}

function asWebhookError(error: unknown): WebhookError {
  if (error instanceof WebhookError) return error;
  const message = messageOf(error);
  return new WebhookError('WEBHOOK_CONNECTION_LOST', message, error);
}
