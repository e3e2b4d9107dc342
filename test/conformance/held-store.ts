import { memoryStore, type Store } from '@carillon/persistence';

/** A store in memory whose commits are done when the test says so. */
export interface HeldStore extends Store {
  /** From now on commits wait. */
  hold(): void;
  /** Lets the commit under way be done; the next one waits again. */
  releaseOne(): void;
  /** The process is killed: the commit under way never happens. What comes then is done at once. */
  dropCommit(): void;
  /** Lets the commit under way be done, and those that follow be done at once. */
  release(): void;
}

/** A store that is as slow as a test wants it to be. */
export function heldStore(): HeldStore {
  const store = memoryStore();
  let isHolding = false;
  let done: (() => void) | undefined;
  const releaseOne = () => {
    done?.();
    done = undefined;
  };
  return {
    name: 'held',
    supports: store.supports,
    open: () => store.open(),
    load: () => store.load(),
    close: () => store.close(),
    readQueue: (...asked) => store.readQueue(...asked),
    commit: async (batch, durability) => {
      if (isHolding) {
        await new Promise<void>((resolve) => {
          done = resolve;
        });
      }
      await store.commit(batch, durability);
    },
    hold: () => {
      isHolding = true;
    },
    releaseOne,
    dropCommit: () => {
      isHolding = false;
      done = undefined;
    },
    release: () => {
      isHolding = false;
      releaseOne();
    },
  };
}
