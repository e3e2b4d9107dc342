import { memoryStore, type Store } from '@carillon/persistence';

/** A store in memory whose commits are done when the test says so. */
export interface HeldStore extends Store {
  /** From now on commits wait. */
  hold(): void;
  /** Lets the commit under way be done, and those that follow be done at once. */
  release(): void;
}

/** A store that is as slow as a test wants it to be. */
export function heldStore(): HeldStore {
  const store = memoryStore();
  let isHolding = false;
  let done: (() => void) | undefined;
  return {
    name: 'held',
    supports: store.supports,
    open: () => store.open(),
    load: () => store.load(),
    close: () => store.close(),
    readQueue: (clientId, after, limits) => store.readQueue(clientId, after, limits),
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
    release: () => {
      isHolding = false;
      done?.();
      done = undefined;
    },
  };
}
