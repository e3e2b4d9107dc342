import type { ScheduledTask } from '@carillon/hooks';
import type { BridgeState } from './bridge-state.ts';
import type { Surroundings } from './surroundings.ts';

/** Tells of all bridges under `$SYS/broker/bridge/NAME/…`, retained: what has changed, every so many seconds. */
export class SystemReport {
  readonly #surroundings: Surroundings;
  readonly #interval: number;
  readonly #states: () => Iterable<BridgeState>;
  /** By topic. */
  readonly #told = new Map<string, string>();
  #task: ScheduledTask | undefined = undefined;

  constructor(surroundings: Surroundings, interval: number, states: () => Iterable<BridgeState>) {
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

  /** Tells now what has changed. */
  tell(): void {
    if (this.#interval === 0) return;
    const current = new Set<string>();
    for (const state of this.#states()) {
      for (const [name, value] of valuesOf(state)) {
        const topic = `$SYS/broker/bridge/${state.name}/${name}`;
        current.add(topic);
        this.#publish(topic, String(value));
      }
    }
    for (const topic of this.#told.keys()) {
      if (current.has(topic)) continue;
      this.#publish(topic, '');
      this.#told.delete(topic);
    }
  }

  #publish(topic: string, value: string): void {
    if (this.#told.get(topic) === value) return;
    this.#told.set(topic, value);
    const { broker, logger } = this.#surroundings;
    broker.publish(topic, value, { retain: true, origin: 'bridge' }).catch((error: unknown) => {
      logger.debug({ err: error, topic }, 'the state of a bridge could not be published');
    });
  }
}

function valuesOf({ condition, address, counters }: BridgeState): [name: string, value: string | number][] {
  const { dropped } = counters;
  return [
    ['state', condition],
    ['address', address],
    ['forwarded/out', counters.forwardedOut],
    ['forwarded/in', counters.forwardedIn],
    ['bytes/out', counters.bytesOut],
    ['bytes/in', counters.bytesIn],
    ['waiting', counters.waiting],
    ['dropped', Object.values(dropped).reduce((sum, count) => sum + count, 0)],
    ['reconnects', counters.reconnects],
    ['lag', counters.lag],
  ];
}
