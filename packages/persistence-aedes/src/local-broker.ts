import { EventEmitter } from 'node:events';
import { matchesFilter } from '@carillon/topics';
import { brokerId } from './broker-ids.ts';
import { ObjectFields } from './object-fields.ts';

type Callback = (error?: Error | null) => void;
type Listener = (packet: unknown, done: () => void) => void;

/**
 * What a backend gets for the Aedes broker it expects. Some tell their own subscriptions over it and wait for
 * the echo: whatever they publish comes back to them at once and goes nowhere else.
 */
export class LocalBroker extends EventEmitter {
  readonly id = brokerId;
  counter = 0;
  readonly mq: LocalBroker = this;
  readonly #listeners: { readonly filter: string; readonly listener: Listener }[] = [];

  publish(packet: unknown, done?: Callback): void {
    const topic = new ObjectFields(packet).text('topic');
    for (const { filter, listener } of [...this.#listeners]) {
      if (matchesFilter(filter, topic)) listener(packet, () => {});
    }
    done?.(null);
  }

  subscribe(filter: string, listener: Listener, done?: Callback): void {
    this.#listeners.push({ filter, listener });
    done?.(null);
  }

  unsubscribe(filter: string, listener: Listener, done?: Callback): void {
    const index = this.#listeners.findIndex((one) => one.filter === filter && one.listener === listener);
    if (index !== -1) this.#listeners.splice(index, 1);
    done?.(null);
  }
}
