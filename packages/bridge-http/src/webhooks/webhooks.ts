import type { Broker, PluginPlatform } from '@carillon/hooks';
import { checkingOptions, integer, isObject, readFields, refuse } from '@carillon/hooks/checks';
import { refuseLoops } from './loops.ts';
import type { Surroundings } from './surroundings.ts';
import { SystemReport } from './system-report.ts';
import { sessionOf, Webhook } from './webhook.ts';
import { WebhookError } from './webhook-error.ts';
import type { WebhookOptions, WebhooksOptions } from './webhook-options.ts';
import { settleWebhook, type WebhookSettings } from './webhook-settings.ts';
import type { WebhookState } from './webhook-state.ts';

const defaultReportInterval = 10;

/** The webhooks of one broker: a plugin for `broker.use`, and the means to see and change them while it runs. */
export class Webhooks {
  /** Names the plugin. */
  readonly name = 'webhooks';
  /** @internal */
  readonly hooks = {
    started: () => this.#started(),
    draining: () => this.#leaveAll(),
  };
  readonly #initial: readonly WebhookSettings[];
  readonly #reportInterval: number;
  readonly #webhooks = new Map<string, Webhook>();
  /** Webhooks that are on their way out; their ids are free when they are gone. */
  readonly #leaving = new Map<string, Promise<void>>();
  #surroundings: Surroundings | undefined = undefined;
  #report: SystemReport | undefined = undefined;
  #isRunning = false;

  /** @internal Use `webhooks`. */
  constructor(options: WebhooksOptions) {
    const { hooks = [], systemTopicInterval = defaultReportInterval } = checking(() => readOptions(options));
    this.#reportInterval = systemTopicInterval;
    const settled: WebhookSettings[] = [];
    for (const [place, hook] of hooks.entries()) settled.push(settle(hook, `hooks[${place}]`, settled));
    this.#initial = settled;
  }

  /** Every webhook as it stands, by id. */
  get state(): ReadonlyMap<string, WebhookState> {
    return new Map(this.list().map((state) => [state.id, state]));
  }

  /** Every webhook as it stands. */
  list(): readonly WebhookState[] {
    return Array.from(this.#webhooks.values(), (webhook) => webhook.state);
  }

  /**
   * Resolves when the sessions of all webhooks are there: what is published from then on is sent, whatever becomes of
   * this process. Waits until the broker runs. Where a session was there before, nothing was missed either.
   */
  async ready(): Promise<void> {
    await Promise.all(Array.from(this.#webhooks.values(), ({ ready }) => ready));
  }

  /**
   * Adds a webhook. Resolves when its session is there, as `ready` does. Only after `broker.use`.
   *
   * @throws {WebhookError} `WEBHOOK_OPTION_INVALID`, `WEBHOOK_LOOPS`, `WEBHOOK_ID_TAKEN`
   */
  async add(options: WebhookOptions): Promise<void> {
    const settings = settle(options, 'webhook', this.#settled());
    if (this.#leaving.has(settings.id)) throw taken(settings.id);
    await this.#open(settings).ready;
  }

  /**
   * Gives a webhook other options, and starts one anew that has stopped. What waits stays, and goes to the new URL; a
   * request that is under way is given up and sent again. Resolves when the webhook works with the new options.
   *
   * @throws {WebhookError} `WEBHOOK_UNKNOWN`, `WEBHOOK_OPTION_INVALID`, `WEBHOOK_LOOPS`; the webhook then goes on as it is
   */
  async change(options: WebhookOptions): Promise<void> {
    const webhook = this.#find(options.id);
    const others = this.#settled().filter(({ id }) => id !== options.id);
    const settings = settle(options, 'webhook', others);
    this.#webhooks.delete(settings.id);
    await this.#leave(webhook, 'the webhook was changed', false);
    await this.#open(settings).ready;
  }

  /**
   * Removes a webhook, and its session with what waits in it. Also ends the session that a webhook has left behind that
   * is not among the options any more.
   *
   * @throws {WebhookError} `WEBHOOK_UNKNOWN`
   */
  async remove(id: string): Promise<void> {
    if (!this.#webhooks.has(id) && this.#surroundings?.broker.endSession(sessionOf(id)) === true) return;
    const webhook = this.#find(id);
    this.#webhooks.delete(id);
    await this.#leave(webhook, 'the webhook was removed', true);
    this.#report?.tell();
  }

  /** @internal */
  setup(broker: Broker, platform: PluginPlatform): void {
    this.#surroundings = { ...platform, broker };
    this.#report = new SystemReport(this.#surroundings, this.#reportInterval, () => this.list());
    for (const settings of this.#initial) this.#open(settings);
  }

  /** @internal */
  async close(): Promise<void> {
    this.#leaveAll();
    await Promise.all(this.#leaving.values());
  }

  /** The broker runs. What waits for a webhook that is not there any more is for nobody else to take. */
  #started(): void {
    if (this.#surroundings === undefined || this.#isRunning) return;
    this.#isRunning = true;
    const { broker, logger } = this.#surroundings;
    const prefix = sessionOf('');
    for (const { clientId, queued } of [...broker.sessions()]) {
      const id = clientId.slice(prefix.length);
      if (!clientId.startsWith(prefix) || this.#webhooks.has(id)) continue;
      broker.connectInProcess({ clientId }).destroy();
      logger.warn(
        { webhook: id, waiting: queued },
        'messages wait for a webhook that is not there: add or remove it',
      );
    }
    this.#report?.start();
  }

  #leaveAll(): void {
    this.#report?.stop();
    for (const webhook of this.#webhooks.values()) void this.#leave(webhook, 'the broker closes', false);
    this.#webhooks.clear();
  }

  #leave(webhook: Webhook, reason: string, forget: boolean): Promise<void> {
    const { id } = webhook.settings;
    const leaving = webhook.stop(reason, forget).finally(() => this.#leaving.delete(id));
    this.#leaving.set(id, leaving);
    return leaving;
  }

  #settled(): readonly WebhookSettings[] {
    return Array.from(this.#webhooks.values(), ({ settings }) => settings);
  }

  #open(settings: WebhookSettings): Webhook {
    if (this.#surroundings === undefined) {
      throw new WebhookError(
        'WEBHOOK_OPTION_INVALID',
        'webhooks can be added once the plugin is registered: broker.use first',
      );
    }
    const webhook = new Webhook(settings, this.#surroundings, () => this.#started());
    this.#webhooks.set(settings.id, webhook);
    webhook.start();
    return webhook;
  }

  #find(id: string): Webhook {
    const webhook = this.#webhooks.get(id);
    if (webhook !== undefined) return webhook;
    const known = [...this.#webhooks.keys()].join(', ') || 'none';
    throw new WebhookError('WEBHOOK_UNKNOWN', `there is no webhook "${id}"; there are: ${known}`);
  }
}

/** @param path Names the options in messages. */
function settle(options: unknown, path: string, others: readonly WebhookSettings[]): WebhookSettings {
  const settings = checking(() => settleWebhook(options, path));
  if (others.some(({ id }) => id === settings.id)) throw taken(settings.id);
  refuseLoops([...others, settings]);
  return settings;
}

function taken(id: string): WebhookError {
  return new WebhookError(
    'WEBHOOK_ID_TAKEN',
    `there is a webhook "${id}" already; change it, or take another id`,
  );
}

function checking<T>(check: () => T): T {
  return checkingOptions(check, (wrong) => new WebhookError('WEBHOOK_OPTION_INVALID', `webhooks: ${wrong}`));
}

/** @throws {ImpossibleValue} */
function readOptions(options: unknown) {
  if (!isObject(options)) return refuse('(all of them)', options, 'an object with hooks');
  return readFields<{ hooks?: readonly unknown[]; systemTopicInterval?: number }>(options, {
    hooks: (value, field) => (Array.isArray(value) ? value : refuse(field, value, 'a list of webhooks')),
    systemTopicInterval: integer(0, 86_400),
  });
}

/**
 * Sends the messages of topics to URLs by POST, from a durable queue, in order.
 *
 * @throws {WebhookError} `WEBHOOK_OPTION_INVALID`, `WEBHOOK_LOOPS`, `WEBHOOK_ID_TAKEN`
 *
 * @example
 * ```ts
 * const hooks = webhooks({
 *   hooks: [{ id: 'orders', url: 'https://shop.example/mqtt', filters: 'orders/#', deadLetterTopic: 'undelivered' }],
 * });
 * broker.use(hooks);
 * console.log(hooks.state.get('orders')?.condition);
 * ```
 */
export function webhooks(options: WebhooksOptions = {}): Webhooks {
  return new Webhooks(options);
}
