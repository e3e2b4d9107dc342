import { clearTimeout, setTimeout } from 'node:timers';
import type { Laboratory } from './laboratory.ts';
import { macrotask } from './macrotask.ts';

/** Where a client lives: a laboratory, or the real world. */
export interface World {
  /** Lets happen what can happen without waiting. */
  settle(): Promise<void>;
  /** Lets happen what can happen until nothing more is to be expected. */
  fallSilent(): Promise<void>;
  /** Lets happen what can happen until `condition` holds; says whether it does in the end. */
  settleUntil(condition: () => boolean): Promise<boolean>;
}

/** The world of a laboratory: what has not come when it is at rest does not come. */
export function worldOf(laboratory: Laboratory): World {
  return {
    settle: () => laboratory.settle(),
    fallSilent: () => laboratory.settle(),
    settleUntil: (condition) => laboratory.settleUntil(condition),
  };
}

/** How long a client in the real world waits. */
export interface RealTimeOptions {
  /** Milliseconds until what is expected must have come. Default: 5,000. */
  timeout?: number;
  /** Milliseconds of silence that are taken for "nothing comes". Default: 50. */
  silence?: number;
}

/** The world of real sockets, where nobody can know that nothing more will come: it takes waiting. */
export class RealTime implements World {
  readonly #timeout: number;
  readonly #silence: number;
  readonly #waiting = new Set<() => void>();

  constructor({ timeout = 5_000, silence = 50 }: RealTimeOptions = {}) {
    this.#timeout = timeout;
    this.#silence = silence;
  }

  /** Something happened: conditions are looked at again. */
  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  settle(): Promise<void> {
    return macrotask();
  }

  async fallSilent(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#silence));
  }

  settleUntil(condition: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(condition());
      };
      const look = () => {
        if (condition()) finish();
      };
      const timer = setTimeout(finish, this.#timeout);
      this.#waiting.add(look);
      look();
    });
  }
}
