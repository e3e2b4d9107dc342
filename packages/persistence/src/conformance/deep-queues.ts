import { assert, assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import { aMessage, anEntry, enqueue, putSession } from './samples.ts';
import { noLimits, type Subject } from './subject.ts';

const megabyte = 1024 * 1024;
const batchSize = 1000;

/** Many messages, and large ones. */
export function deepQueues({ options, test, testRestart }: Suite<Subject>): void {
  const { messages = 20_000 } = options;

  testRestart(
    `deep queues: ${messages} messages wait, survive a restart and leave in order`,
    async (subject) => {
      await subject.commit(putSession('deep'), putSession('shallow'));
      await fill(subject, messages);
      const { sessions } = await subject.restart();
      const { length, lastSequence } = sessions.get('deep')?.queue ?? {};
      assertAlike([length, lastSequence], [messages, messages], 'length and last number of the queue');
      await drain(subject, messages);
      assertAlike(
        (await subject.restart()).sessions.get('deep')?.queue.length,
        0,
        'the length of the drained queue',
      );
      assertAlike(await subject.sequences('shallow'), [messages + 1], 'the queue of the other session');
    },
  );

  test('deep queues: the end of a long queue is read as well as its beginning', async (subject) => {
    await subject.commit(putSession('deep'), putSession('shallow'));
    await fill(subject, messages);
    const page = await subject.sequences('deep', messages - 3, { ...noLimits, entries: 256 });
    assertAlike(page, [messages - 2, messages - 1, messages], 'the last page');
  });

  testRestart('deep queues: large payloads come back as they were', async (subject) => {
    const payload = Uint8Array.from(
      { length: 4 * megabyte },
      (_, place) => (place * 31 + (place >> 8)) & 0xff,
    );
    const message = aMessage('', { payload, topic: 'large' });
    const operations = [
      enqueue('a', 1, { message }),
      enqueue('b', 1, { message }),
      enqueue('c', 1, { message }),
    ];
    await subject.commit(putSession('a'), putSession('b'), putSession('c'), ...operations);
    await subject.commit({ do: 'putRetained', message }, { do: 'dequeue', clientId: 'a', sequence: 1 });
    const { retained } = await subject.restart();
    assertAlike(retained.get('large'), message, 'the retained message');
    assertAlike(await subject.queue('c'), [anEntry(1, { message })], 'the queue');
  });
}

async function fill(subject: Subject, messages: number): Promise<void> {
  for (let first = 1; first <= messages; first += batchSize) {
    const length = Math.min(batchSize, messages - first + 1);
    await subject.commit(
      ...Array.from({ length }, (_, place) =>
        enqueue('deep', first + place, { message: aMessage(`message ${first + place}`) }),
      ),
    );
  }
  await subject.commit(enqueue('shallow', messages + 1));
}

/** Reads and takes out page by page, as a client does that comes back. */
async function drain(subject: Subject, messages: number): Promise<void> {
  let last = 0;
  while (last < messages) {
    const page = await subject.queue('deep', last, { entries: 256, bytes: megabyte });
    assert(page.length > 0, `the queue ends after ${last} of ${messages} messages`);
    for (const entry of page) {
      last++;
      assert(entry.sequence === last, `number ${entry.sequence} comes where ${last} is due`);
    }
    assertAlike(page[0], anEntry(page[0]?.sequence ?? 0), 'the first entry of the page');
    await subject.commit(
      ...page.map(({ sequence }) => ({ do: 'dequeue', clientId: 'deep', sequence }) as const),
    );
  }
  assertAlike(await subject.sequences('deep', 0), [], 'the drained queue');
}
