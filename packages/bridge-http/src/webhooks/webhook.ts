import type { BridgeEvent } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import type { ArrivedMessage } from './arrived-message.ts';
import { backOffAfter } from './back-off.ts';
import type { Outcome } from './delivery.ts';
import { Poster } from './post.ts';
import { Shift, type ShiftObserver } from './shift.ts';
import { type Surroundings, wait } from './surroundings.ts';
import { WebhookError } from './webhook-error.ts';
import type { WebhookSettings } from './webhook-settings.ts';
import { Tally, type WebhookCondition, type WebhookState } from './webhook-state.ts';

/** The client id of the session in which a webhook's messages wait. */
export function sessionOf(id: string): string {
  return `webhook:${id}`;
}

/** One webhook at work: its session, its receiver, and what is known of both. */
export class Webhook {
  readonly settings: WebhookSettings;
  /** Resolves when messages wait for the receiver from then on, or it has turned out that they do not. */
  readonly ready: Promise<void>;
  readonly #surroundings: Surroundings;
  readonly #whenRunning: () => void;
  readonly #poster: Poster;
  readonly #tally = new Tally();
  readonly #stop = new AbortController();
  /** The receiver wants no more. */
  readonly #retired = new AbortController();
  #condition: WebhookCondition = 'starting';
  #shift: Shift | undefined = undefined;
  #running: Promise<void> | undefined = undefined;
  #isReady: () => void = () => {};
  #toldConnected = false;
  #lastStatus: number | undefined = undefined;
  #lastDeliveredAt: number | undefined = undefined;
  #lastError: WebhookState['lastError'] = undefined;

  /** @param running Told when this broker has taken the session up, and so is known to run. */
  constructor(settings: WebhookSettings, surroundings: Surroundings, running: () => void) {
    this.settings = settings;
    this.#whenRunning = running;
    this.#surroundings = surroundings;
    this.#poster = new Poster(settings);
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
  }

  get state(): WebhookState {
    const { delivered, bytes, retried, deadLettered, dropped } = this.#tally;
    const inHand = [...(this.#shift?.inHand() ?? [])];
    return {
      id: this.settings.id,
      condition: this.#condition,
      address: this.settings.url.origin,
      lastStatus: this.#lastStatus,
      lastDeliveredAt: this.#lastDeliveredAt,
      lastError: this.#lastError,
      counters: {
        delivered,
        bytes,
        retried,
        deadLettered,
        dropped: { ...dropped },
        waiting: this.#waiting(inHand),
        lag: this.#lag(inHand),
      },
    };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Leaves at once: a request that is under way is given up. With `forget` the session ends, and what waits is gone. */
  async stop(reason: string, forget: boolean): Promise<void> {
    this.#condition = 'stopped';
    this.#stop.abort();
    this.#shift?.end();
    await this.#running;
    this.#poster.close();
    if (forget) this.#surroundings.broker.endSession(sessionOf(this.settings.id));
    if (this.#toldConnected) this.#tell('disconnected', reason, '');
  }

  /** The session is connected again when this broker has ended it, as its host may. */
  async #run(): Promise<void> {
    const { clock, random } = this.#surroundings;
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const shift = this.#newShift();
        await shift.begin();
        failures = 0;
        if (this.#condition === 'starting') this.#condition = 'ready';
        this.#whenRunning();
        this.#isReady();
        this.#failed(await shift.over);
      } catch (error) {
        this.#failed(asLocalError(error));
        this.#isReady();
      }
      await wait(clock, backOffAfter(++failures, this.settings.backOff, random), signal);
    }
  }

  #newShift(): Shift {
    this.#shift = new Shift({
      surroundings: this.#surroundings,
      settings: this.settings,
      clientId: sessionOf(this.settings.id),
      poster: this.#poster,
      observer: this.#observer(),
      stop: AbortSignal.any([this.#stop.signal, this.#retired.signal]),
    });
    return this.#shift;
  }

  #observer(): ShiftObserver {
    const { logger } = this.#surroundings;
    const webhook = this.settings.id;
    return {
      answered: (status) => {
        this.#lastStatus = status;
      },
      failed: (error) => this.#failed(error),
      retrying: () => {
        this.#tally.retried++;
      },
      gone: (error) => {
        this.#retired.abort();
        this.#condition = 'stopped';
        this.#note(error);
        logger.warn({ webhook, code: error.code }, `the webhook has stopped: ${error.message}`);
        this.#tell('stopped', error.message, error.code);
      },
      givenUp: ({ id, topic }, error) => {
        this.#note(error);
        const details = { webhook, messageId: id, topic, code: error.code };
        logger.warn(details, `the webhook gives up a message: ${error.message}`);
      },
      settled: (message, outcome) => this.#settled(message, outcome),
    };
  }

  #settled({ payload }: ArrivedMessage, outcome: Outcome): void {
    if (outcome.kind === 'dead-lettered') this.#tally.deadLettered++;
    if (outcome.kind === 'dropped') this.#tally.dropped[outcome.reason]++;
    if (outcome.kind !== 'delivered') return;
    this.#tally.delivered++;
    this.#tally.bytes += payload.length;
    this.#lastDeliveredAt = this.#surroundings.clock.now();
    if (this.#condition === 'waiting') this.#condition = 'ready';
    if (this.#toldConnected) return;
    const { id, url } = this.settings;
    this.#surroundings.logger.info({ webhook: id, address: url.origin }, 'the receiver takes messages');
    this.#tell('connected', '', '');
  }

  #failed(error: WebhookError): void {
    if (this.#stop.signal.aborted) return;
    this.#note(error);
    const isFirst = this.#condition !== 'waiting';
    if (this.#condition === 'ready') this.#condition = 'waiting';
    const { logger } = this.#surroundings;
    const details = { webhook: this.settings.id, code: error.code };
    const text = `the webhook cannot deliver: ${error.message}`;
    if (isFirst) logger.warn(details, text);
    else logger.debug(details, text);
    this.#tell('failed', error.message, error.code);
  }

  #note({ code, message }: WebhookError): void {
    this.#lastError = { code, message, at: this.#surroundings.clock.now() };
  }

  #tell(change: BridgeEvent['change'], reason: string, code: string): void {
    this.#toldConnected = change === 'connected';
    const { id, url } = this.settings;
    const bridge = sessionOf(id);
    this.#surroundings.broker.bridgeChanged({ bridge, change, address: url.origin, reason, code });
  }

  /** QoS 0 has left the session when it comes out of it. */
  #waiting(inHand: readonly ArrivedMessage[]): number {
    const session = this.#surroundings.broker.session(sessionOf(this.settings.id));
    const volatile = inHand.filter(({ qos }) => qos === 0).length;
    return (session === undefined ? 0 : session.queued + session.inflight) + volatile;
  }

  #lag(inHand: readonly ArrivedMessage[]): number {
    if (inHand.length === 0) return 0;
    const oldest = Math.min(...inHand.map(({ receivedAt }) => receivedAt));
    return Math.max(0, this.#surroundings.clock.now() - oldest);
  }
}

function asLocalError(error: unknown): WebhookError {
  if (error instanceof WebhookError) return error;
  const message = messageOf(error);
  return new WebhookError('WEBHOOK_LOCAL_REFUSED', message, error);
}
