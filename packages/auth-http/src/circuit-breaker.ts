import type { Clock, Logger } from '@carillon/hooks';
import { ServiceFailure } from './service-failure.ts';

export interface CircuitBreakerSettings {
  /** Failures in a row after which the service counts as down. */
  readonly failures: number;
  /** Milliseconds until one question is let through, to see whether it is back. */
  readonly retryAfter: number;
}

/**
 * Keeps questions from a service that is down: the clients get their "no" at once instead of after the time-out, and
 * the service comes up in peace.
 */
export class CircuitBreaker {
  readonly #settings: CircuitBreakerSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #failures = 0;
  /** `half-open`: one question is under way that decides. */
  #state: 'closed' | 'open' | 'half-open' = 'closed';
  /** Instant of `elapsed()`. */
  #retryAt = 0;

  constructor(
    settings: CircuitBreakerSettings,
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @throws {ServiceFailure} `down`, while no question is let through. */
  check(): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'open' && this.#clock.elapsed() >= this.#retryAt) return;
    throw new ServiceFailure('down', 'the service has failed too often: it is not asked for a time');
  }

  /** Asks, and learns from it. An answer that cannot be still shows that the service lives. */
  async run<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.check();
    if (this.#state === 'open') this.#state = 'half-open';
    try {
      const answer = await ask();
      this.#succeeded();
      return answer;
    } catch (error) {
      if (error instanceof ServiceFailure && error.kind === 'answer') this.#succeeded();
      else this.#failed();
      throw error;
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#logger.info({}, 'the service answers again');
  }

  #failed(): void {
    const { failures, retryAfter } = this.#settings;
    this.#failures++;
    if (this.#state === 'open' || this.#failures < failures) return;
    if (this.#state === 'closed') {
      const details = { failures: this.#failures, retryAfter };
      this.#logger.error(
        details,
        'the service does not answer: it is not asked for a time, and the answer is no',
      );
    }
    this.#state = 'open';
    this.#retryAt = this.#clock.elapsed() + retryAfter;
  }
}
