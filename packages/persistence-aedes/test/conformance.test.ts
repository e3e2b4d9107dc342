import type { Store } from '@carillon/persistence';
import { storeConformance } from '@carillon/persistence/conformance';
import { describe, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import {
  levelBackend,
  memoryBackend,
  mongoInNoOrder,
  orderedLevelBackend,
  type TestBackend,
  type TestPlace,
} from './backends.ts';
import { redisBackend, redisIsInstalled } from './redis.ts';

/** Those that answer at once are asked for many messages; the others would take minutes for them. */
const backends: readonly (readonly [TestBackend, messages: number, seeds: readonly number[]])[] = [
  [levelBackend, 5_000, [1, 5, 9]],
  [orderedLevelBackend, 5_000, [1, 5, 9]],
  [memoryBackend, 300, [5]],
  [mongoInNoOrder, 300, [5]],
  ...(redisIsInstalled ? ([[redisBackend, 300, [5]]] as const) : []),
];

describe.each(backends)('$0.name', (backend, messages, seeds) => {
  const places = new WeakMap<Store, TestPlace>();

  function storeAt(place: TestPlace): Store {
    const store = aedesStore(place.instance(), place.options);
    places.set(store, place);
    return store;
  }

  storeConformance({
    test,
    createStore: async () => storeAt(await backend.place()),
    reopenStore: (closed) => {
      const place = places.get(closed);
      if (place === undefined) throw new Error('the store is none of these');
      return storeAt(place);
    },
    messages,
    seeds,
  });
});
