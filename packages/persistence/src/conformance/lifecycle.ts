import { assert, assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import { enqueue, putSession } from './samples.ts';
import { noLimits, type Subject } from './subject.ts';

/** Opening and closing, and what an empty store answers. */
export function lifecycle({ test, testRestart }: Suite<Subject>): void {
  test('lifecycle: a new store has a name and is empty', async ({ store }) => {
    assert(store.name !== '', 'the name of the store is empty');
    assertAlike(await store.readQueue('nobody', 0, noLimits), [], 'the queue of a session that is not there');
  });

  test('lifecycle: a batch without operations is stored', async (subject) => {
    await subject.commit();
  });

  testRestart('lifecycle: a store in which nothing was stored opens again, empty', async (subject) => {
    const { sessions, retained } = await subject.restart();
    assertAlike(sessions, new Map(), 'the sessions');
    assertAlike(retained, new Map(), 'the retained messages');
  });

  testRestart('lifecycle: a store opens again and again, and nothing is added by it', async (subject) => {
    await subject.commit(putSession('a'), enqueue('a', 1));
    await subject.restart();
    await subject.restart();
    const { sessions } = await subject.restart();
    assertAlike(sessions.get('a')?.queue.length, 1, 'the length of the queue');
    assertAlike(await subject.sequences('a'), [1], 'the queue');
  });

  testRestart('lifecycle: a store that was opened again stores what comes', async (subject) => {
    await subject.commit(putSession('a'), enqueue('a', 1));
    await subject.restart();
    await subject.commit(enqueue('a', 2), putSession('b'));
    const { sessions } = await subject.restart();
    assertAlike([...sessions.keys()].sort(), ['a', 'b'], 'the sessions');
    assertAlike(await subject.sequences('a'), [1, 2], 'the queue');
  });
}
