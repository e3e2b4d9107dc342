import type { MaybePromise, Store } from '../store.ts';

/** How the suite gets hold of a store, and how it registers its tests. */
export interface StoreConformanceOptions {
  /** Registers a test: that of vitest, of `node:test`, or whatever takes a name and a function. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  /** Makes an empty store, not opened yet, that shares nothing with the ones made before. */
  readonly createStore: () => MaybePromise<Store>;
  /**
   * Makes the store that the next process would have: on what `closed` has stored, not opened yet. A store that
   * keeps its contents when it is closed may return itself. Without it, what `load` yields cannot be tested; only
   * a store that does not claim `supports.restart` can do without.
   */
  readonly reopenStore?: (closed: Store) => MaybePromise<Store>;
  /** Called with the last store of each test when it is closed: removes what it left behind. */
  readonly disposeStore?: (closed: Store) => MaybePromise<void>;
  /** Makes the next commit of the store fail, as a full disk would. Without it, that failure is not tested. */
  readonly failNextCommit?: (store: Store) => void;
  /** How many messages are queued where a test asks for many. Default 20,000; a million is no different. */
  readonly messages?: number;
  /** Seeds of the random runs, which are compared with a model. Default 1 to 10. */
  readonly seeds?: readonly number[];
  /** How many batches each random run commits. Default 60. */
  readonly batches?: number;
}

/** What a chapter of the suite is given: tests get a store that is opened and empty. */
export interface Suite<Subject> {
  readonly options: StoreConformanceOptions;
  test(name: string, run: (subject: Subject) => Promise<void>): void;
  /** Left out where a store cannot be reopened. */
  testRestart(name: string, run: (subject: Subject) => Promise<void>): void;
}
