import { atomicBatches } from './atomic-batches.ts';
import { capabilities } from './capabilities.ts';
import { deepQueues } from './deep-queues.ts';
import { ids } from './ids.ts';
import { lifecycle } from './lifecycle.ts';
import { model } from './model.ts';
import type { StoreConformanceOptions, Suite } from './options.ts';
import { order } from './order.ts';
import { paging } from './paging.ts';
import { roundTrips } from './round-trips.ts';
import { sessionEnd } from './session-end.ts';
import { sharedBodies } from './shared-bodies.ts';
import { Subject } from './subject.ts';

export type { StoreConformanceOptions } from './options.ts';

const chapters = [
  lifecycle,
  capabilities,
  roundTrips,
  atomicBatches,
  order,
  ids,
  sessionEnd,
  paging,
  sharedBodies,
  deepQueues,
  model,
];

/**
 * Registers the tests that every store has to pass: what the broker relies on, in chapters. A test that fails
 * says in words what it found and what should have been there. What only a killed process or a power cut can
 * show is not part of it.
 *
 * @example
 * ```ts
 * import { storeConformance } from '@carillon/persistence/conformance';
 * import { test } from 'vitest';
 *
 * const folders = new Map<Store, string>();
 * const storeIn = (folder: string) => {
 *   const store = myStore(folder);
 *   folders.set(store, folder);
 *   return store;
 * };
 * storeConformance({
 *   test,
 *   createStore: () => storeIn(temporaryFolder()),
 *   reopenStore: (closed) => storeIn(folders.get(closed)),
 * });
 * ```
 */
export function storeConformance(options: StoreConformanceOptions): void {
  const register: Suite<Subject>['test'] = (name, run) => {
    options.test(name, async () => {
      const subject = await Subject.open(options);
      try {
        await run(subject);
      } finally {
        await subject.close();
      }
    });
  };
  const suite: Suite<Subject> = {
    options,
    test: register,
    testRestart: options.reopenStore === undefined ? () => undefined : register,
  };
  for (const chapter of chapters) chapter(suite);
}
