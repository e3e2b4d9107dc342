import { memoryStore, type Store, type StoreOperation } from '@carillon/persistence';
import { expect, test } from 'vitest';

/** Tells what each batch changes, and leaves the storing to another store. */
function watched(store: Store, tell: (batch: readonly StoreOperation[]) => void): Store {
  return {
    name: `watched ${store.name}`,
    supports: store.supports,
    open: () => store.open(),
    load: () => store.load(),
    commit(batch, durability) {
      tell(batch);
      return store.commit(batch, durability);
    },
    readQueue: (...asked) => store.readQueue(...asked),
    close: () => store.close(),
  };
}

test('the store of the README tells every batch and stores it', async () => {
  const told: StoreOperation[] = [];
  const store = watched(memoryStore(), (batch) => told.push(...batch));
  await store.open();
  const change: StoreOperation = { do: 'deleteRetained', topic: 'rooms/12' };
  await store.commit([change], 'memory');
  expect(told).toEqual([change]);
  expect(store.name).toBe('watched memory');
});
