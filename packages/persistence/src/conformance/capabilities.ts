import type { Durability } from '../store.ts';
import { assert, assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import { enqueue, putSession } from './samples.ts';
import type { Subject } from './subject.ts';

const durabilities: readonly Durability[] = ['memory', 'written', 'synced'];

/** What the store says of itself holds together. */
export function capabilities({ options, test, testRestart }: Suite<Subject>): void {
  test('capabilities: the store says what it supports', async ({ store }) => {
    const { durability, atomicBatches, restart } = store.supports;
    assert(durabilities.includes(durability), `supports.durability is ${String(durability)}`);
    assert(typeof atomicBatches === 'boolean', 'supports.atomicBatches has to be true or false');
    assert(typeof restart === 'boolean', 'supports.restart has to be true or false');
  });

  test('capabilities: what outlives the process outlives a restart', async ({ store }) => {
    const { durability, restart } = store.supports;
    assert(restart || durability === 'memory', `"${durability}" is promised, but not supports.restart`);
    assert(!restart || options.reopenStore !== undefined, 'supports.restart is claimed: give reopenStore');
  });

  test('capabilities: every durability up to the strongest is accepted, and the queue is readable', async (subject) => {
    await subject.commit(putSession('a'));
    const supported = durabilities.slice(0, durabilities.indexOf(subject.store.supports.durability) + 1);
    for (const [index, durability] of supported.entries()) {
      await subject.store.commit([enqueue('a', index + 1)], durability);
      // The broker keeps only the head of a queue: even what is promised nothing has to be readable.
      assertAlike(
        (await subject.sequences('a')).length,
        index + 1,
        `entries after a commit of "${durability}"`,
      );
    }
  });

  testRestart(
    'capabilities: what was stored with the strongest durability is there after a restart',
    async (subject) => {
      await subject.store.commit([putSession('a'), enqueue('a', 1)], subject.store.supports.durability);
      const { sessions } = await subject.restart();
      assertAlike([...sessions.keys()], ['a'], 'the sessions');
      assertAlike(await subject.sequences('a'), [1], 'the queue');
    },
  );
}
