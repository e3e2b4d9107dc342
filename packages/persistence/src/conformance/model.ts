import { assertAlike } from './assert.ts';
import { ModelState } from './model-state.ts';
import type { Suite } from './options.ts';
import { readInPages } from './paging.ts';
import { Random } from './random.ts';
import { clientIds, randomBatch } from './random-batch.ts';
import type { Subject } from './subject.ts';

const defaultSeeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Random batches: whatever is done, the store holds what the contract says. */
export function model({ options, test, testRestart }: Suite<Subject>): void {
  const { seeds = defaultSeeds, batches = 60 } = options;
  for (const seed of seeds) {
    test(`model: queues are what the contract says after ${batches} random batches, seed ${seed}`, async (subject) => {
      const random = new Random(seed);
      const state = new ModelState();
      for (let number = 1; number <= batches; number++) {
        await subject.commit(...randomBatch(random, state));
        const clientId = random.oneOf(clientIds);
        const what = `the queue of "${clientId}" after batch ${number}`;
        assertAlike(await subject.queue(clientId), state.queue(clientId), what);
      }
      for (const clientId of clientIds) {
        const expected = state.queue(clientId).map(({ sequence }) => sequence);
        assertAlike(
          await readInPages(subject, clientId, 1 + random.below(9)),
          expected,
          `the pages of "${clientId}"`,
        );
      }
    });

    testRestart(`model: restarts lose and invent nothing, seed ${seed}`, async (subject) => {
      const random = new Random(seed + 1_000_000);
      const state = new ModelState();
      for (let number = 1; number <= batches; number++) {
        await subject.commit(...randomBatch(random, state));
        if (number < batches && !random.chance(15)) continue;
        const { sessions, retained } = await subject.restart();
        const expected = state.contents();
        assertAlike(sessions, expected.sessions, `the sessions after batch ${number}`);
        assertAlike(retained, expected.retained, `the retained messages after batch ${number}`);
        for (const clientId of clientIds) {
          assertAlike(
            await subject.queue(clientId),
            state.queue(clientId),
            `the queue of "${clientId}" after batch ${number}`,
          );
        }
      }
    });
  }
}
