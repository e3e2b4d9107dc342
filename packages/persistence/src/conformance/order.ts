import { assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import { anEntry, enqueue, enqueueMany, putSession } from './samples.ts';
import type { Subject } from './subject.ts';

/** The queue of a session is in order, and its numbers go on. */
export function order({ test, testRestart }: Suite<Subject>): void {
  test('order: entries come in the order of their numbers, beyond every power of ten', async (subject) => {
    const expected = [
      1,
      2,
      9,
      10,
      11,
      99,
      100,
      999_999,
      1_000_000,
      4_294_967_296,
      Number.MAX_SAFE_INTEGER - 1,
    ];
    await subject.commit(putSession('a'));
    for (const sequence of expected) await subject.commit(enqueue('a', sequence));
    assertAlike(await subject.sequences('a'), expected, 'the queue');
  });

  test('order: sessions number their entries on their own', async (subject) => {
    await subject.commit(putSession('a'), putSession('b'));
    await subject.commit(enqueue('a', 1), enqueue('b', 7), enqueue('a', 2), enqueue('b', 8));
    assertAlike(await subject.sequences('a'), [1, 2], 'the queue of "a"');
    assertAlike(await subject.sequences('b'), [7, 8], 'the queue of "b"');
  });

  test('order: an entry with a known number replaces the old one in its place', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 3));
    await subject.commit({ do: 'markSent', clientId: 'a', sequence: 2, packetId: 9, state: 'sent' });
    const replacement = anEntry(2, { qos: 2, share: '$share/g/t' });
    await subject.commit({ do: 'enqueue', clientId: 'a', entry: replacement });
    assertAlike(await subject.queue('a'), [anEntry(1), replacement, anEntry(3)], 'the queue');
  });

  test('order: what was delivered leaves, and the rest stays in order', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 5));
    await subject.commit(
      { do: 'dequeue', clientId: 'a', sequence: 4 },
      { do: 'dequeue', clientId: 'a', sequence: 1 },
      { do: 'dequeue', clientId: 'a', sequence: 77 },
    );
    assertAlike(await subject.sequences('a'), [2, 3, 5], 'the queue');
  });

  test('order: how far a delivery has come is kept, and goes with its entry', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 3));
    await subject.commit(
      { do: 'markSent', clientId: 'a', sequence: 1, packetId: 1, state: 'sent' },
      { do: 'markSent', clientId: 'a', sequence: 2, packetId: 65_535, state: 'sent' },
    );
    await subject.commit({ do: 'markSent', clientId: 'a', sequence: 2, packetId: 65_535, state: 'released' });
    await subject.commit({ do: 'dequeue', clientId: 'a', sequence: 1 });
    await subject.commit({ do: 'markSent', clientId: 'a', sequence: 1, packetId: 2, state: 'sent' });
    const released = anEntry(2, { packetId: 65_535, state: 'released' });
    assertAlike(await subject.queue('a'), [released, anEntry(3)], 'the queue');
  });

  testRestart('order: deliveries under way are under way after a restart', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 3));
    await subject.commit({ do: 'markSent', clientId: 'a', sequence: 1, packetId: 5, state: 'released' });
    await subject.commit({ do: 'markSent', clientId: 'a', sequence: 2, packetId: 6, state: 'sent' });
    await subject.restart();
    const expected = [
      anEntry(1, { packetId: 5, state: 'released' }),
      anEntry(2, { packetId: 6, state: 'sent' }),
      anEntry(3),
    ];
    assertAlike(await subject.queue('a'), expected, 'the queue');
  });

  testRestart('order: the last number is known after a restart, even of an empty queue', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 3));
    await subject.commit(
      ...[1, 2, 3].map((sequence) => ({ do: 'dequeue', clientId: 'a', sequence }) as const),
    );
    const { sessions } = await subject.restart();
    assertAlike(sessions.get('a')?.queue, { length: 0, bytes: 0, lastSequence: 3 }, 'the sum of the queue');
  });

  testRestart('order: the sum of a queue counts entries, topics and payloads', async (subject) => {
    const entries = [1, 2, 3].map((sequence) => anEntry(sequence));
    await subject.commit(
      putSession('a'),
      ...entries.map((entry) => ({ do: 'enqueue', clientId: 'a', entry }) as const),
    );
    await subject.commit({ do: 'enqueue', clientId: 'a', entry: anEntry(2, { qos: 2 }) });
    await subject.commit({ do: 'dequeue', clientId: 'a', sequence: 1 });
    const bytes = entries
      .slice(1)
      .reduce((sum, { message }) => sum + message.topic.length + message.payload.length, 0);
    const { sessions } = await subject.restart();
    assertAlike(sessions.get('a')?.queue, { length: 2, bytes, lastSequence: 3 }, 'the sum of the queue');
  });
}
