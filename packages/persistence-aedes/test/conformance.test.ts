import type { Store } from '@carillon/persistence';
import { storeConformance } from '@carillon/persistence/conformance';
import aedesPersistenceLevel from 'aedes-persistence-level';
import { Level } from 'level';
import { describe, test } from 'vitest';
import { aedesStore, orderedLevel } from '../src/index.ts';
import { temporaryFolder } from './backends.ts';

const silent = { logger: { warn: () => {} } };

describe.each([
  ['aedes-persistence-level', (level: Level) => level],
  ['aedes-persistence-level on an ordered level', orderedLevel],
] as const)('%s', (_, wrap) => {
  const folders = new WeakMap<Store, string>();

  function storeIn(folder: string): Store {
    const store = aedesStore(aedesPersistenceLevel(wrap(new Level(folder))), silent);
    folders.set(store, folder);
    return store;
  }

  storeConformance({
    test,
    createStore: async () => storeIn(await temporaryFolder()),
    reopenStore: (closed) => storeIn(folders.get(closed) ?? ''),
    messages: 5_000,
    seeds: [1, 5, 9],
  });
});
