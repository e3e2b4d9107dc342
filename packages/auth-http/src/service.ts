import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { PluginPlatform } from '@carillon/hooks';
import { LineIsFull, WaitingLine } from '@carillon/hooks/bounded';
import { CircuitBreaker } from './circuit-breaker.ts';
import { postJson } from './post-json.ts';
import { ServiceFailure } from './service-failure.ts';
import { type HttpAuthSettings, pemOf } from './settings.ts';

/** The service at the other end: asked within its time, so many questions at once, and not while it is down. */
export class Service {
  readonly #settings: HttpAuthSettings;
  readonly #platform: PluginPlatform;
  readonly #line: WaitingLine;
  readonly #breaker: CircuitBreaker;
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly #closing = new AbortController();

  constructor(settings: HttpAuthSettings, platform: PluginPlatform) {
    const { tls, parallel } = settings;
    const connections = { keepAlive: true, maxSockets: parallel, maxFreeSockets: parallel };
    this.#settings = settings;
    this.#platform = platform;
    this.#line = new WaitingLine(settings);
    this.#breaker = new CircuitBreaker(settings.breaker, platform);
    this.#agents = {
      http: new HttpAgent(connections),
      https: new HttpsAgent({
        ...connections,
        ...pemOf(tls),
        ...(tls.servername !== undefined && { servername: tls.servername }),
      }),
    };
  }

  /**
   * Asks one question.
   *
   * @param read throws a {@link ServiceFailure} for an answer that cannot be
   * @throws {ServiceFailure} when there is no answer.
   */
  async ask<Answer>(
    url: URL,
    question: string,
    read: (json: unknown) => Answer,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { timeout, headers, maximumAnswerSize } = this.#settings;
    this.#breaker.check();
    const late = new AbortController();
    const timer = this.#platform.clock.schedule(timeout, () =>
      late.abort(new ServiceFailure('down', `no answer within ${timeout} ms`)),
    );
    const end = AbortSignal.any([signal, late.signal, this.#closing.signal]);
    const agent = url.protocol === 'https:' ? this.#agents.https : this.#agents.http;
    const post = { url, agent, headers, body: question, maximumAnswerSize };
    try {
      return await this.#line.run(() => this.#breaker.run(async () => read(await postJson(post, end))), end);
    } catch (error) {
      throw error instanceof LineIsFull ? new ServiceFailure('busy', error.message, error) : error;
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    this.#closing.abort(new ServiceFailure('down', 'the broker is closing'));
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}
