import { createHmac } from 'node:crypto';
import type {
  AuthenticateAnswer,
  AuthenticateEvent,
  ClientView,
  Decision,
  HookContext,
  PluginPlatform,
  PublishEvent,
  Refusal,
  SubscribeDecision,
  SubscribeEvent,
} from '@carillon/hooks';
import {
  type AnswerReader,
  readAuthenticateAnswer,
  readPublishAnswer,
  readSubscribeAnswer,
  type Verdict,
} from './answers.ts';
import { authenticateQuestion, publishQuestion, subscribeQuestion } from './questions.ts';
import { Service } from './service.ts';
import { ServiceFailure } from './service-failure.ts';
import type { HttpAuthSettings } from './settings.ts';
import { VerdictCache } from './verdict-cache.ts';

/** Asks the service what is not remembered. Where it does not answer, the answer is no. */
export class HttpGate {
  readonly #settings: HttpAuthSettings;
  readonly #platform: PluginPlatform;
  readonly #service: Service;
  /** Passwords are remembered by this key alone, which nobody has. */
  readonly #secret = new Uint8Array(32);
  readonly #authentications: VerdictCache<AuthenticateAnswer>;
  readonly #publishing: VerdictCache<Decision>;
  readonly #subscribing: VerdictCache<SubscribeDecision>;
  /** One for each connection: what was found for one says nothing of the next. */
  readonly #numbers = new WeakMap<ClientView, number>();
  #lastNumber = 0;

  constructor(settings: HttpAuthSettings, platform: PluginPlatform) {
    const { clock } = platform;
    const { maximumEntries } = settings.cache;
    this.#settings = settings;
    this.#platform = platform;
    this.#service = new Service(settings, platform);
    this.#authentications = new VerdictCache(clock, maximumEntries);
    this.#publishing = new VerdictCache(clock, maximumEntries);
    this.#subscribing = new VerdictCache(clock, maximumEntries);
    platform.random(this.#secret);
  }

  close(): void {
    this.#service.close();
  }

  async authenticate(url: URL, event: AuthenticateEvent, context: HookContext): Promise<AuthenticateAnswer> {
    const question = JSON.stringify(authenticateQuestion(event, this.#settings.forwardHeaders));
    const key = createHmac('sha256', this.#secret).update(question).digest('base64');
    const known = this.#authentications.get(key);
    if (known !== undefined) return known.answer;
    try {
      const verdict = await this.#service.ask(url, question, readAuthenticateAnswer, context.signal);
      this.#authentications.set(key, verdict, this.#timeFor(verdict));
      return verdict.answer;
    } catch (error) {
      const { connectCode, words } = this.#told(error, url);
      return { allow: false, reasonCode: connectCode, reasonString: words };
    }
  }

  authorizePublish(url: URL, event: PublishEvent, context: HookContext): Promise<Decision> | Decision {
    const { topic, qos, retain, origin, publisherId } = event.message;
    const who =
      event.client === undefined
        ? `${origin}:${publisherId.length}:${publisherId}`
        : this.#numberOf(event.client);
    const key = `${who} ${qos} ${retain} ${topic}`;
    const known = this.#publishing.get(key);
    if (known !== undefined) return known.answer;
    const question = (): string => JSON.stringify(publishQuestion(event));
    return this.#authorize({ url, key, question, read: readPublishAnswer, cache: this.#publishing }, context);
  }

  authorizeSubscribe(
    url: URL,
    event: SubscribeEvent,
    context: HookContext,
  ): Promise<SubscribeDecision> | SubscribeDecision {
    const { filter, qos } = event.subscription;
    const key = `${this.#numberOf(event.client)} ${qos} ${filter}`;
    const known = this.#subscribing.get(key);
    if (known !== undefined) return known.answer;
    const question = (): string => JSON.stringify(subscribeQuestion(event));
    return this.#authorize(
      { url, key, question, read: readSubscribeAnswer, cache: this.#subscribing },
      context,
    );
  }

  async #authorize<Answer>(
    asked: {
      readonly url: URL;
      readonly key: string;
      readonly question: () => string;
      readonly read: AnswerReader<Answer>;
      readonly cache: VerdictCache<Answer>;
    },
    { signal }: HookContext,
  ): Promise<Answer | Refusal> {
    const { url, key, cache } = asked;
    try {
      const verdict = await this.#service.ask(url, asked.question(), asked.read, signal);
      cache.set(key, verdict, this.#timeFor(verdict));
      return verdict.answer;
    } catch (error) {
      const { packetCode, words } = this.#told(error, url);
      return { allow: false, reasonCode: packetCode, reasonString: words };
    }
  }

  /** A grant is not remembered beyond its own end. */
  #timeFor({ answer, cacheFor }: Verdict<unknown>): number {
    const { cacheFor: usual, maximumCacheFor } = this.#settings.cache;
    const time = Math.min(cacheFor ?? usual, maximumCacheFor);
    const isEnding = typeof answer === 'object' && answer !== null && 'expiresAt' in answer;
    if (!isEnding || typeof answer.expiresAt !== 'number') return time;
    return Math.min(time, answer.expiresAt - this.#platform.clock.now());
  }

  /** What was found for the client so far counts no longer: it is asked about under another number. */
  forget(client: ClientView): void {
    this.#numbers.delete(client);
  }

  #numberOf(client: ClientView): number {
    const known = this.#numbers.get(client);
    if (known !== undefined) return known;
    this.#numbers.set(client, ++this.#lastNumber);
    return this.#lastNumber;
  }

  /** Only what is the service's own fault is worth a line: that it is down was said when it went down. */
  #told(error: unknown, url: URL): ServiceFailure {
    if (!(error instanceof ServiceFailure)) throw error;
    const details = { url: url.href, why: error.message };
    if (error.kind === 'answer')
      this.#platform.logger.warn(details, 'the service gave an answer that cannot be');
    else this.#platform.logger.debug(details, 'the service gave no answer');
    return error;
  }
}
