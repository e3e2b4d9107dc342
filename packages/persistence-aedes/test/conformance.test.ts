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
const backends: readonly {
  backend: TestBackend;
  name: string;
  messages: number;
  seeds: readonly number[];
}[] = [
  ...[levelBackend, orderedLevelBackend].map((backend) => ({ backend, messages: 2_000, seeds: [1, 5] })),
  ...[memoryBackend, mongoInNoOrder].map((backend) => ({ backend, messages: 300, seeds: [5] })),
  ...(redisIsInstalled ? [{ backend: redisBackend, messages: 300, seeds: [5] }] : []),
].map((row) => ({ ...row, name: row.backend.name }));

describe.each(backends)('$name', ({ backend, messages, seeds }) => {
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
