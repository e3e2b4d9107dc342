import { memoryStore } from '@carillon/persistence';
import { storeConformance } from '@carillon/persistence/conformance';
import { test } from 'vitest';

storeConformance({
  test,
  createStore: memoryStore,
  // It keeps its contents for a second broker in this process.
  reopenStore: (closed) => closed,
});
