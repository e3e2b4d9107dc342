import { randomFillSync } from 'node:crypto';
import type { Clock, RandomSource, ScheduledTask, Scheduler } from '@carillon/hooks';

/** What a timer of Node can hold, in milliseconds; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * Node's clock. Its timers do not keep the process alive: listeners and open connections do, and a broker that
 * has neither is in nobody's way.
 */
export const nodeClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  schedule: (delay, task) => new NodeTimer(delay, task),
};

/** One timer after the other until the whole delay is over. */
class NodeTimer implements ScheduledTask {
  readonly #task: () => void;
  #timer: NodeJS.Timeout;

  constructor(delay: number, task: () => void) {
    this.#task = task;
    this.#timer = this.#start(delay);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #start(delay: number): NodeJS.Timeout {
    const later = delay - longestTimer;
    if (later <= 0) return setTimeout(this.#task, delay).unref();
    const goOn = (): void => {
      this.#timer = this.#start(later);
    };
    return setTimeout(goOn, longestTimer).unref();
  }
}

/** A turn ends when Node has read every socket that had something: in the check phase of its event loop. */
export const nodeScheduler: Scheduler = {
  atEndOfTurn(task) {
    setImmediate(task);
  },
};

/** The operating system's randomness. */
export const nodeRandom: RandomSource = (target) => {
  randomFillSync(target);
};
