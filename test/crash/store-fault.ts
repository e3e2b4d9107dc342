import { definePlugin, type Plugin } from '@carillon/hooks';
import { memoryStore, type Store } from '@carillon/persistence';
import type { Laboratory } from '@carillon/testkit';
import type { MortalProcess } from './fatal-calls.ts';
import type { Ground } from './stage.ts';

/** All that may become of one call of a store. A failure after the effect keeps what it says has failed. */
export const storeFaults = [
  'throws',
  'rejects',
  'keeps it and throws',
  'keeps it and rejects',
  'dies before it',
  'dies after it',
  'hangs until it is released',
  'hangs until the broker is closed',
] as const;

export type StoreFault = (typeof storeFaults)[number];

/** Which call of the store it is, beginning with 1, and what befalls it. */
export interface StoreFaultAt {
  readonly call: number;
  readonly fault: StoreFault;
}

/** A store in memory that outlives its brokers, and one of whose calls goes wrong. */
export class StoreWithFault implements Ground {
  /** What was asked while things could go wrong, in order. */
  readonly calls: string[] = [];
  readonly #laboratory: Laboratory;
  readonly #at: StoreFaultAt | undefined;
  /** Milliseconds until a call is answered; 0 answers at once. */
  readonly #latency: number;
  readonly #kept = memoryStore();
  readonly #released: Promise<void>;
  #release: () => void = () => {};
  #isReliable = false;

  constructor(laboratory: Laboratory, latency: number, at: StoreFaultAt | undefined) {
    this.#laboratory = laboratory;
    this.#latency = latency;
    this.#at = at;
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** The call that hangs goes on. */
  release(): void {
    this.#release();
  }

  persistence(process: MortalProcess): Plugin {
    const kept = this.#kept;
    const store: Store = {
      name: kept.name,
      supports: kept.supports,
      open: () => kept.open(),
      load: () => kept.load(),
      close: () => kept.close(),
      commit: (batch, durability) => this.#call('commit', process, () => kept.commit(batch, durability)),
      readQueue: (...asked) => this.#call('readQueue', process, () => kept.readQueue(...asked)),
    };
    return definePlugin({ name: 'store with a fault', persistence: store });
  }

  died(): void {}

  becomeReliable(): void {
    this.#isReliable = true;
    this.release();
  }

  #call<Result>(what: string, process: MortalProcess, run: () => Result): Result | Promise<Awaited<Result>> {
    if (!process.isAlive) return never();
    if (this.#isReliable) return this.#answer(process, run);
    this.calls.push(what);
    const fault = this.calls.length === this.#at?.call ? this.#at.fault : undefined;
    const failure = () => new Error(`${what}: call ${this.calls.length} was to fail`);
    switch (fault) {
      case undefined:
        return this.#answer(process, run);
      case 'throws':
        throw failure();
      case 'rejects':
        return this.#answer(process, () => Promise.reject(failure()));
      case 'keeps it and throws':
        run();
        throw failure();
      case 'keeps it and rejects':
        return this.#answer(process, () => {
          run();
          return Promise.reject(failure());
        });
      case 'dies before it':
        process.kill();
        return never();
      case 'dies after it':
        run();
        process.kill();
        return never();
      case 'hangs until it is released':
        return this.#released.then(() => whileAlive(process, run));
      case 'hangs until the broker is closed':
        return never();
    }
  }

  #answer<Result>(process: MortalProcess, run: () => Result): Result | Promise<Awaited<Result>> {
    if (this.#latency === 0) return run();
    return new Promise<void>((resolve) => this.#laboratory.clock.schedule(this.#latency, resolve)).then(() =>
      whileAlive(process, run),
    );
  }
}

/** A call that was late comes to nothing when its process is dead. */
async function whileAlive<Result>(process: MortalProcess, run: () => Result): Promise<Awaited<Result>> {
  return process.isAlive ? await run() : never();
}

function never(): Promise<never> {
  return new Promise(() => {});
}
