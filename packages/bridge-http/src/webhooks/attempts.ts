import type { Clock } from '@carillon/hooks';
import { ImpossibleValue } from '@carillon/hooks/checks';
import type { MaybePromise } from '@carillon/persistence';
import type { ArrivedMessage } from './arrived-message.ts';
import { checkHeaders } from './own-headers.ts';
import type { Answer, Poster } from './post.ts';
import { jsonContent, payloadContent, type RequestContent } from './request-content.ts';
import { signatures } from './signature.ts';
import { BadSecret, checkSecret, signingKeys } from './signing-key.ts';
import { WebhookError } from './webhook-error.ts';
import type { WebhookHeaders } from './webhook-options.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** Makes the requests for one message, attempt after attempt. */
export class Attempts {
  /** How many there were. */
  count = 0;
  readonly #message: ArrivedMessage;
  readonly #settings: WebhookSettings;
  readonly #poster: Poster;
  readonly #clock: Clock;
  readonly #content: RequestContent;

  constructor(message: ArrivedMessage, settings: WebhookSettings, poster: Poster, clock: Clock) {
    this.#message = message;
    this.#settings = settings;
    this.#poster = poster;
    this.#clock = clock;
    this.#content = settings.form === 'json' ? jsonContent(message) : payloadContent(message);
  }

  /**
   * One more, within `timeout`.
   *
   * @throws {WebhookError} when no answer comes.
   */
  async next(stop: AbortSignal): Promise<Answer> {
    this.count++;
    const { timeout, url } = this.#settings;
    const late = new AbortController();
    const timer = this.#clock.schedule(timeout, () =>
      late.abort(
        new WebhookError('WEBHOOK_TIMED_OUT', `${url.origin} did not answer within ${timeout} milliseconds`),
      ),
    );
    const signal = AbortSignal.any([stop, late.signal]);
    try {
      const headers = await orAborted(this.#headers(), signal);
      return await this.#poster.post(headers, this.#content.body, signal);
    } finally {
      timer.cancel();
    }
  }

  /** The time is new at each attempt, and with it the signature: a receiver refuses what is old. */
  async #headers(): Promise<Readonly<Record<string, string>>> {
    const { id, expiresAt } = this.#message;
    const { headers, secret } = this.#settings;
    const own = typeof headers === 'function' ? await asked('headers', headers, checkOwn) : headers;
    const given = typeof secret === 'function' ? await asked('secret', secret, checkSecret) : secret;
    const timestamp = String(Math.floor(this.#clock.now() / 1000));
    return {
      'user-agent': 'Carillon-Webhooks',
      ...own,
      ...this.#content.headers,
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-attempt': String(this.count),
      ...(Number.isFinite(expiresAt) && {
        'mqtt-expiry': String(Math.ceil((expiresAt - this.#clock.elapsed()) / 1000)),
      }),
      ...(given !== undefined && {
        'webhook-signature': signatures(signingKeys(given), id, timestamp, this.#content.body),
      }),
    };
  }
}

function checkOwn(value: unknown): WebhookHeaders {
  return checkHeaders(value, 'headers');
}

/** Asks a function that was given as an option. What it throws may have a secret in it: only `cause` has that. */
async function asked<T>(
  option: 'headers' | 'secret',
  give: () => MaybePromise<unknown>,
  check: (value: unknown) => T,
): Promise<T> {
  try {
    return check(await give());
  } catch (error) {
    const isAnswer = error instanceof BadSecret || error instanceof ImpossibleValue;
    const why = isAnswer ? `gave what cannot be: ${error.message}` : 'failed';
    throw new WebhookError('WEBHOOK_OPTION_FAILED', `the function given as ${option} ${why}`, error);
  }
}

/** A function that never answers is not waited for. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new AbortController();
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        const giveUp = (): void => reject(signal.reason);
        if (signal.aborted) giveUp();
        signal.addEventListener('abort', giveUp, { once: true, signal: aborted.signal });
      }),
    ]);
  } finally {
    aborted.abort();
  }
}
