import type { StoreOperation } from '../store.ts';
import { assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import { aMessage, anEntry, enqueue, fullMessage, putSession } from './samples.ts';
import type { Subject } from './subject.ts';

const readers = ['a', 'b', 'c', 'd'];

/** A message for many sessions, whose body a store may keep once. */
export function sharedBodies({ test, testRestart }: Suite<Subject>): void {
  test('shared bodies: each session gets the whole message', async (subject) => {
    await subject.commit(...beginAll(), ...forAll(1));
    for (const clientId of readers) {
      assertAlike(await subject.queue(clientId), [anEntry(1, { message })], `the queue of "${clientId}"`);
    }
  });

  testRestart('shared bodies: the message stays whole until its last session has it', async (subject) => {
    await subject.commit(...beginAll(), ...forAll(1));
    for (const [place, clientId] of readers.entries()) {
      await subject.restart();
      for (const left of readers.slice(place)) {
        assertAlike(await subject.queue(left), [anEntry(1, { message })], `the queue of "${left}"`);
      }
      await subject.commit({ do: 'dequeue', clientId, sequence: 1 });
      assertAlike(await subject.queue(clientId), [], `the queue of "${clientId}"`);
    }
  });

  testRestart('shared bodies: a session that ends takes no message from another', async (subject) => {
    await subject.commit(...beginAll(), ...forAll(1), ...forAll(2));
    await subject.commit({ do: 'deleteSession', clientId: 'a' });
    await subject.commit(
      { do: 'deleteSession', clientId: 'b' },
      { do: 'dequeue', clientId: 'c', sequence: 2 },
    );
    await subject.restart();
    await subject.commit({ do: 'deleteSession', clientId: 'c' });
    assertAlike(
      await subject.queue('d'),
      [anEntry(1, { message }), anEntry(2, { message })],
      'the queue of "d"',
    );
  });

  test('shared bodies: taking an entry out twice takes no message from another', async (subject) => {
    await subject.commit(...beginAll(), ...forAll(1));
    const takeOut: StoreOperation = { do: 'dequeue', clientId: 'a', sequence: 1 };
    await subject.commit(takeOut, takeOut);
    for (let time = 0; time < 3; time++) await subject.commit(takeOut);
    for (const clientId of readers.slice(1)) {
      assertAlike(await subject.sequences(clientId), [1], `the queue of "${clientId}"`);
    }
  });

  test('shared bodies: replacing an entry takes no message from another', async (subject) => {
    await subject.commit(...beginAll(), ...forAll(1));
    for (let time = 0; time < 3; time++) await subject.commit(enqueue('a', 1), enqueue('b', 1));
    assertAlike(await subject.queue('a'), [anEntry(1)], 'the queue of "a"');
    assertAlike(await subject.queue('c'), [anEntry(1, { message })], 'the queue of "c"');
  });

  test('shared bodies: one session may wait for a message twice', async (subject) => {
    await subject.commit(putSession('a'), putSession('b'));
    const twice = [1, 2].map((sequence) =>
      enqueue('a', sequence, { message, subscriptionIdentifiers: [sequence] }),
    );
    await subject.commit(...twice, enqueue('b', 1, { message }));
    await subject.commit({ do: 'dequeue', clientId: 'a', sequence: 1 });
    await subject.commit({ do: 'dequeue', clientId: 'b', sequence: 1 });
    assertAlike(
      await subject.queue('a'),
      [anEntry(2, { message, subscriptionIdentifiers: [2] })],
      'the queue of "a"',
    );
  });

  test('shared bodies: entries of one message differ in all but the message', async (subject) => {
    await subject.commit(...beginAll());
    const entries = [
      anEntry(1, { message, qos: 0, retain: true }),
      anEntry(2, { message, qos: 1, subscriptionIdentifiers: [1, 2] }),
      anEntry(3, { message, qos: 2, share: '$share/g/#' }),
      anEntry(4, { message, qos: 2, packetId: 9, state: 'sent' }),
    ];
    await subject.commit(
      ...entries.map((entry, place) => enqueue(readers[place] ?? '', entry.sequence, entry)),
    );
    for (const [place, entry] of entries.entries()) {
      assertAlike(await subject.queue(readers[place] ?? ''), [entry], `the queue of "${readers[place]}"`);
    }
  });

  test('shared bodies: a message that is queued and retained at once stays in both places', async (subject) => {
    const both = aMessage('both');
    await subject.commit(
      ...beginAll(),
      enqueue('a', 1, { message: both }),
      enqueue('b', 1, { message: both }),
      {
        do: 'putRetained',
        message: both,
      },
    );
    await subject.commit({ do: 'deleteRetained', topic: both.topic });
    await subject.commit({ do: 'dequeue', clientId: 'a', sequence: 1 });
    assertAlike(await subject.queue('b'), [anEntry(1, { message: both })], 'the queue of "b"');
  });
}

const message = fullMessage('for all');

function beginAll(): StoreOperation[] {
  return readers.map((clientId) => putSession(clientId));
}

function forAll(sequence: number): StoreOperation[] {
  return readers.map((clientId) => enqueue(clientId, sequence, { message }));
}
