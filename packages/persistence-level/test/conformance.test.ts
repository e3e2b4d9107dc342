import type { Store } from '@carillon/persistence';
import { storeConformance } from '@carillon/persistence/conformance';
import { type AnyLevel, checkLevelStore, levelStore } from '@carillon/persistence-level';
import { Level } from 'level';
import { MemoryLevel } from 'memory-level';
import { describe, expect, test } from 'vitest';
import { FailingLevel } from './failing-level.ts';
import { temporaryFolder } from './places.ts';

/** Stores that remember where they are, so that another can follow them there. */
class Places<Place> {
  readonly #places = new Map<Store, Place>();
  readonly #storeAt: (place: Place) => Store;

  constructor(storeAt: (place: Place) => Store) {
    this.#storeAt = storeAt;
  }

  open(place: Place): Store {
    const store = this.#storeAt(place);
    this.#places.set(store, place);
    return store;
  }

  of(store: Store): Place {
    const place = this.#places.get(store);
    if (place === undefined) throw new Error('the store is none of these');
    return place;
  }
}

describe('in a folder', () => {
  const places = new Places((location: string) => levelStore({ location }));
  storeConformance({
    test,
    createStore: async () => places.open(await temporaryFolder()),
    reopenStore: (closed) => places.open(places.of(closed)),
  });
});

describe('on a database in memory', () => {
  const places = new Places((database: AnyLevel) => levelStore({ database }));
  storeConformance({
    test,
    createStore: () => places.open(new MemoryLevel()),
    reopenStore: (closed) => places.open(places.of(closed)),
    disposeStore: async (closed) => {
      const { findings } = await checkLevelStore({ database: places.of(closed) });
      expect(findings).toEqual([]);
    },
  });
});

describe('on a disk that fails now and then', () => {
  const places = new Places((database: FailingLevel) => levelStore({ database }));
  storeConformance({
    test,
    createStore: async () =>
      places.open(new FailingLevel(new Level(await temporaryFolder(), { valueEncoding: 'view' }))),
    reopenStore: (closed) => places.open(places.of(closed)),
    failNextCommit: (store) => places.of(store).failNextBatch(),
    messages: 1000,
  });
});
