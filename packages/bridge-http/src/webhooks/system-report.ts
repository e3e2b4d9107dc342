import type { ScheduledTask } from '@carillon/hooks';
import type { Surroundings } from './surroundings.ts';
import type { WebhookState } from './webhook-state.ts';

/** Tells of all webhooks under `$SYS/broker/webhook/ID/…`, retained: what has changed, every so many seconds. */
export class SystemReport {
  readonly #surroundings: Surroundings;
  readonly #interval: number;
  readonly #states: () => Iterable<WebhookState>;
  /** By topic. */
  readonly #told = new Map<string, string>();
  #task: ScheduledTask | undefined = undefined;

  constructor(surroundings: Surroundings, interval: number, states: () => Iterable<WebhookState>) {
    this.#surroundings = surroundings;
    this.#interval = interval;
    this.#states = states;
  }

  start(): void {
    if (this.#interval === 0) return;
    this.tell();
    this.#task = this.#surroundings.clock.schedule(this.#interval * 1000, () => this.start());
  }

  stop(): void {
    this.#task?.cancel();
    this.#task = undefined;
  }

  /** Tells now what has changed; what is told of a webhook that is gone is taken back. */
  tell(): void {
    if (this.#interval === 0) return;
    const values = new Map([...this.#states()].flatMap(valuesOf));
    for (const topic of this.#told.keys()) if (!values.has(topic)) this.#publish(topic, '');
    for (const [topic, value] of values) this.#publish(topic, value);
  }

  #publish(topic: string, value: string): void {
    if (this.#told.get(topic) === value) return;
    if (value === '') this.#told.delete(topic);
    else this.#told.set(topic, value);
    const { broker, logger } = this.#surroundings;
    broker.publish(topic, value, { retain: true, origin: 'bridge' }).catch((error: unknown) => {
      logger.debug({ err: error, topic }, 'the state of a webhook could not be published');
    });
  }
}

function valuesOf({ id, condition, lastStatus, counters }: WebhookState): [topic: string, value: string][] {
  const { delivered, bytes, retried, deadLettered, dropped, waiting, lag } = counters;
  const values = {
    state: condition,
    status: lastStatus ?? 'none',
    delivered,
    bytes,
    retried,
    'dead-lettered': deadLettered,
    dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
    waiting,
    lag,
  };
  return Object.entries(values).map(([name, value]) => [`$SYS/broker/webhook/${id}/${name}`, String(value)]);
}
