import { assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import { aMessage, enqueue, enqueueMany, everythingOf, putSession, putSubscription } from './samples.ts';
import type { Subject } from './subject.ts';

/** What ends with a session, and what a new session of the same name begins with. */
export function sessionEnd({ test, testRestart }: Suite<Subject>): void {
  testRestart('session end: everything of the session is forgotten, nothing of others', async (subject) => {
    const shared = { message: aMessage('for both') };
    await subject.commit(
      ...everythingOf('a'),
      ...everythingOf('b'),
      enqueue('a', 3, shared),
      enqueue('b', 3, shared),
    );
    await subject.commit({ do: 'putRetained', message: aMessage('retained', { publisherId: 'a' }) });
    await subject.commit({ do: 'deleteSession', clientId: 'a' });
    assertAlike(await subject.sequences('a'), [], 'the queue of the session that ended');
    const { sessions, retained } = await subject.restart();
    assertAlike([...sessions.keys()], ['b'], 'the sessions');
    assertAlike(retained.size, 1, 'the number of retained messages');
    assertAlike(await subject.sequences('b'), [1, 2, 3], 'the queue of the other session');
  });

  testRestart('session end: a new session of the same name begins with nothing', async (subject) => {
    await subject.commit(...everythingOf('a'));
    await subject.commit({ do: 'deleteSession', clientId: 'a' });
    await subject.commit(putSession('a'));
    await assertNothingBut(subject, []);
  });

  testRestart(
    'session end: ending a session and beginning it anew may stand in one batch',
    async (subject) => {
      await subject.commit(...everythingOf('a'));
      await subject.commit({ do: 'deleteSession', clientId: 'a' }, putSession('a'), enqueue('a', 1));
      await assertNothingBut(subject, [1]);
    },
  );

  testRestart('session end: a session may begin, end and begin again within one batch', async (subject) => {
    await subject.commit(
      ...everythingOf('a'),
      { do: 'deleteSession', clientId: 'a' },
      putSession('a'),
      ...enqueueMany('a', 1, 2),
      { do: 'dequeue', clientId: 'a', sequence: 1 },
    );
    await assertNothingBut(subject, [2]);
  });

  testRestart('session end: what the batch added before the end is forgotten too', async (subject) => {
    await subject.commit(putSession('a'));
    await subject.commit(putSubscription('a', 'late'), enqueue('a', 1), {
      do: 'deleteSession',
      clientId: 'a',
    });
    assertAlike((await subject.restart()).sessions.size, 0, 'the number of sessions');
    await subject.commit(putSession('a'));
    await assertNothingBut(subject, []);
  });

  test('session end: numbers that a new session uses again bring no old state back', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 3));
    await subject.commit({ do: 'markSent', clientId: 'a', sequence: 1, packetId: 4, state: 'released' });
    await subject.commit({ do: 'deleteSession', clientId: 'a' }, putSession('a'));
    await subject.commit(...enqueueMany('a', 1, 2));
    const states = (await subject.queue('a')).map(({ sequence, packetId, state }) => [
      sequence,
      packetId,
      state,
    ]);
    assertAlike(
      states,
      [
        [1, 0, 'queued'],
        [2, 0, 'queued'],
      ],
      'the queue',
    );
  });

  testRestart('session end: a long queue ends with its session', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 2000));
    await subject.restart();
    await subject.commit({ do: 'deleteSession', clientId: 'a' }, putSession('a'));
    await assertNothingBut(subject, []);
  });
}

async function assertNothingBut(subject: Subject, sequences: readonly number[]): Promise<void> {
  assertAlike(await subject.sequences('a'), sequences, 'the queue');
  const a = (await subject.restart()).sessions.get('a');
  assertAlike(a?.queue.length, sequences.length, 'the length of the queue');
  assertAlike(a?.subscriptions, new Map(), 'the subscriptions');
  assertAlike(a?.inboundIds, new Set(), 'the inbound identifiers');
  assertAlike(a?.will, undefined, 'the Will');
  assertAlike(await subject.sequences('a'), sequences, 'the queue after a restart');
}
