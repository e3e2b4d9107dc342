import type { Message } from '../message.ts';
import type { StoreOperation } from '../store.ts';
import { assert, assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import {
  aMessage,
  anEntry,
  aSession,
  aSubscription,
  aWill,
  enqueue,
  everythingOf,
  putSession,
  putSubscription,
} from './samples.ts';
import type { SessionContents, Subject } from './subject.ts';

/** A batch is stored whole, in order, or not at all. */
export function atomicBatches({ options, test, testRestart }: Suite<Subject>): void {
  testRestart('batches: one batch may hold every kind of operation', async (subject) => {
    await subject.commit(...everythingOf('a'), ...everythingOf('gone'), ...retain('kept', 'dropped'));
    const will = aWill('the last words', { dueAt: 5 });
    await subject.commit(
      putSession('a', { identity: 'alice' }),
      putSubscription('a', 'rooms/#', { qos: 2 }),
      { do: 'deleteSubscription', clientId: 'a', filter: 'rooms/+/clock' },
      enqueue('a', 3),
      { do: 'markSent', clientId: 'a', sequence: 3, packetId: 8, state: 'sent' },
      { do: 'dequeue', clientId: 'a', sequence: 1 },
      { do: 'putInboundId', clientId: 'a', packetId: 12 },
      { do: 'deleteInboundId', clientId: 'a', packetId: 11 },
      { do: 'putWill', clientId: 'a', will },
      { do: 'deleteSession', clientId: 'gone' },
      { do: 'deleteRetained', topic: 'dropped' },
      ...retain('new'),
    );
    const { sessions, retained } = await subject.restart();
    assertAlike([...sessions.keys()], ['a'], 'the sessions');
    const a = sessions.get('a');
    assertAlike(a?.session.identity, 'alice', 'the identity');
    assertAlike(
      a?.subscriptions,
      new Map([['rooms/#', aSubscription('rooms/#', { qos: 2 })]]),
      'the subscriptions',
    );
    assertAlike(a?.inboundIds, new Set([12]), 'the inbound identifiers');
    assertAlike(a?.will, will, 'the Will');
    assertAlike([...retained.keys()].sort(), ['kept', 'new'], 'the retained messages');
    const left = [anEntry(2, { packetId: 7, state: 'sent' }), anEntry(3, { packetId: 8, state: 'sent' })];
    assertAlike(await subject.queue('a'), left, 'the queue');
  });

  testRestart('batches: within a batch the last word counts', async (subject) => {
    await subject.commit(
      putSession('a'),
      putSubscription('a', 'x', { qos: 0 }),
      { do: 'deleteSubscription', clientId: 'a', filter: 'x' },
      putSubscription('a', 'x', { qos: 2 }),
      { do: 'putInboundId', clientId: 'a', packetId: 1 },
      { do: 'deleteInboundId', clientId: 'a', packetId: 1 },
      { do: 'putWill', clientId: 'a', will: aWill('w') },
      { do: 'deleteWill', clientId: 'a' },
      enqueue('a', 1),
      { do: 'dequeue', clientId: 'a', sequence: 1 },
      ...retain('t'),
      { do: 'deleteRetained', topic: 't' },
    );
    const { sessions, retained } = await subject.restart();
    const a = sessions.get('a');
    assertAlike(a?.subscriptions.get('x')?.qos, 2, 'the granted QoS');
    assertAlike(a?.inboundIds, new Set(), 'the inbound identifiers');
    assertAlike(a?.will, undefined, 'the Will');
    assertAlike(a?.queue, { length: 0, bytes: 0, lastSequence: 1 }, 'the sum of the queue');
    assertAlike(retained, new Map(), 'the retained messages');
    assertAlike(await subject.sequences('a'), [], 'the queue');
  });

  testRestart('batches: what concerns a session that is not there changes nothing', async (subject) => {
    await subject.commit(...everythingOf('ghost').slice(1));
    await subject.commit(putSession('a'), ...everythingOf('ghost'), {
      do: 'deleteSession',
      clientId: 'ghost',
    });
    await subject.commit(...everythingOf('ghost').slice(1), ...takingOut('ghost'));
    assertAlike(await subject.sequences('ghost'), [], 'the queue');
    assertAlike([...(await subject.restart()).sessions.keys()], ['a'], 'the sessions');
    await subject.commit(putSession('ghost'));
    assertAlike((await subject.restart()).sessions.get('ghost'), emptyGhost, 'the session');
  });

  testRestart('batches: one that cannot be stored leaves nothing', async (subject) => {
    await subject.commit(...everythingOf('a'), ...retain('kept'));
    const refused = await isRefused(subject, [
      ...everythingOf('b'),
      ...retain('new'),
      { do: 'dequeue', clientId: 'a', sequence: 1 },
      { do: 'enqueue', clientId: 'a', entry: anEntry(9, { message: unreadable }) },
    ]);
    if (refused) await assertOnlyFirstBatch(subject);
  });

  const { failNextCommit } = options;
  if (failNextCommit === undefined) return;

  test('batches: a failing commit is told, and what it should have stored is not in the queue', async (subject) => {
    await subject.commit(putSession('a'), enqueue('a', 1));
    failNextCommit(subject.store);
    assert(await isRefused(subject, [enqueue('a', 2)]), 'a commit that fails has to throw or reject');
    assertAlike(await subject.sequences('a'), [1], 'the queue');
  });

  testRestart('batches: a failing commit leaves nothing, and the store goes on', async (subject) => {
    await subject.commit(...everythingOf('a'), ...retain('kept'));
    failNextCommit(subject.store);
    const batch = [...everythingOf('b'), ...retain('new'), { do: 'deleteSession', clientId: 'a' } as const];
    assert(await isRefused(subject, batch), 'a commit that fails has to throw or reject');
    await assertOnlyFirstBatch(subject);
    await subject.commit(...batch);
    const { sessions, retained } = await subject.restart();
    assertAlike([...sessions.keys()], ['b'], 'the sessions');
    assertAlike([...retained.keys()].sort(), ['kept', 'new'], 'the retained messages');
  });

  testRestart('batches: a failing commit does not spoil the numbers of the next', async (subject) => {
    await subject.commit(putSession('a'), enqueue('a', 1));
    failNextCommit(subject.store);
    await isRefused(subject, [enqueue('a', 2), { do: 'dequeue', clientId: 'a', sequence: 1 }]);
    await subject.commit(enqueue('a', 3));
    const { sessions } = await subject.restart();
    assertAlike(sessions.get('a')?.queue.length, 2, 'the length of the queue');
    assertAlike(await subject.sequences('a'), [1, 3], 'the queue');
  });
}

/** A message that no store can read: it stands for everything that can go wrong in the middle of a batch. */
const unreadable: Message = {
  ...aMessage('unreadable'),
  get payload(): Uint8Array {
    throw new Error('this payload cannot be read');
  },
};

const emptyGhost: SessionContents = {
  session: aSession('ghost'),
  queue: { length: 0, bytes: 0, lastSequence: 0 },
  subscriptions: new Map(),
  inboundIds: new Set(),
  will: undefined,
};

function retain(...topics: readonly string[]): StoreOperation[] {
  return topics.map((topic) => ({ do: 'putRetained', message: aMessage(`retained ${topic}`, { topic }) }));
}

function takingOut(clientId: string): StoreOperation[] {
  return [
    { do: 'markSent', clientId, sequence: 1, packetId: 3, state: 'sent' },
    { do: 'dequeue', clientId, sequence: 1 },
    { do: 'deleteSubscription', clientId, filter: 'rooms/#' },
    { do: 'deleteInboundId', clientId, packetId: 11 },
    { do: 'deleteWill', clientId },
    { do: 'deleteSession', clientId },
  ];
}

async function isRefused(subject: Subject, batch: readonly StoreOperation[]): Promise<boolean> {
  try {
    await subject.commit(...batch);
    return false;
  } catch {
    return true;
  }
}

async function assertOnlyFirstBatch(subject: Subject): Promise<void> {
  const { sessions, retained } = await subject.restart();
  assertAlike([...sessions.keys()], ['a'], 'the sessions after a failed batch');
  assertAlike([...retained.keys()], ['kept'], 'the retained messages after a failed batch');
  assertAlike(sessions.get('a')?.queue.length, 2, 'the length of the queue after a failed batch');
  assertAlike(await subject.sequences('a'), [1, 2], 'the queue after a failed batch');
}
