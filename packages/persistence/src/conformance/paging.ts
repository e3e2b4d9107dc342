import { assert, assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import { aMessage, enqueue, enqueueMany, putSession } from './samples.ts';
import { noLimits, type Subject } from './subject.ts';

/** Reading a queue in parts. */
export function paging({ test }: Suite<Subject>): void {
  test('paging: a page ends at its limit of entries', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 10));
    assertAlike(await subject.sequences('a', 0, { ...noLimits, entries: 1 }), [1], 'a page of one');
    assertAlike(await subject.sequences('a', 0, { ...noLimits, entries: 3 }), [1, 2, 3], 'a page of three');
    assertAlike((await subject.sequences('a', 0, { ...noLimits, entries: 10 })).length, 10, 'a page of all');
  });

  test('paging: a page begins after the number it was asked for, there or not', async (subject) => {
    await subject.commit(putSession('a'), ...[2, 4, 6, 8].map((sequence) => enqueue('a', sequence)));
    assertAlike(await subject.sequences('a', 4), [6, 8], 'after 4');
    assertAlike(await subject.sequences('a', 5, { ...noLimits, entries: 1 }), [6], 'after 5');
    assertAlike(await subject.sequences('a', 8), [], 'after the last');
    assertAlike(await subject.sequences('a', 1_000_000), [], 'after any');
  });

  test('paging: a page ends before it has more bytes than its limit', async (subject) => {
    const message = aMessage('0123456789', { topic: 'topic' });
    const size = 15;
    await subject.commit(
      putSession('a'),
      ...[1, 2, 3, 4].map((sequence) => enqueue('a', sequence, { message })),
    );
    assertAlike(
      await subject.sequences('a', 0, { ...noLimits, bytes: 3 * size }),
      [1, 2, 3],
      'exactly three',
    );
    assertAlike(
      await subject.sequences('a', 0, { ...noLimits, bytes: 3 * size - 1 }),
      [1, 2],
      'not quite three',
    );
  });

  test('paging: a page brings one entry, however large', async (subject) => {
    const message = aMessage('x'.repeat(1000));
    await subject.commit(putSession('a'), enqueue('a', 1, { message }), enqueue('a', 2, { message }));
    assertAlike(await subject.sequences('a', 0, { ...noLimits, bytes: 1 }), [1], 'the first page');
    assertAlike(await subject.sequences('a', 1, { ...noLimits, bytes: 0 }), [2], 'the second page');
  });

  test('paging: pages after one another bring every entry once', async (subject) => {
    await subject.commit(putSession('a'), putSession('b'), ...enqueueMany('b', 1, 5));
    await subject.commit(...enqueueMany('a', 1, 1000));
    const read = await readInPages(subject, 'a', 7);
    assertAlike(
      read,
      Array.from({ length: 1000 }, (_, place) => place + 1),
      'all pages',
    );
  });

  test('paging: entries may leave and come while a queue is read in pages', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 20));
    assertAlike((await subject.sequences('a', 0, { ...noLimits, entries: 5 })).at(-1), 5, 'the first page');
    await subject.commit(
      ...[1, 2, 3, 4, 5, 6].map((sequence) => ({ do: 'dequeue', clientId: 'a', sequence }) as const),
    );
    await subject.commit(enqueue('a', 21));
    assertAlike((await subject.sequences('a', 5)).at(0), 7, 'the first of the rest');
    assertAlike((await subject.sequences('a', 5)).at(-1), 21, 'the last of the rest');
  });

  test('paging: a queue can be read while a batch is stored', async (subject) => {
    await subject.commit(putSession('a'), ...enqueueMany('a', 1, 100));
    const stored = subject.commit(
      ...Array.from(
        { length: 50 },
        (_, place) => ({ do: 'dequeue', clientId: 'a', sequence: place + 1 }) as const,
      ),
    );
    const read = await subject.sequences('a');
    await stored;
    const untouched = read.filter((sequence) => sequence > 50);
    assertAlike(
      untouched,
      Array.from({ length: 50 }, (_, place) => place + 51),
      'entries that were not touched',
    );
    assert(
      read.every((sequence, place) => place === 0 || sequence > (read[place - 1] ?? 0)),
      'entries have to be in order, each once',
    );
    assertAlike((await subject.sequences('a')).length, 50, 'the number of entries afterwards');
  });
}

/** The numbers of all entries, read page by page. */
export async function readInPages(subject: Subject, clientId: string, entries: number): Promise<number[]> {
  const read: number[] = [];
  for (;;) {
    const page = await subject.sequences(clientId, read.at(-1) ?? 0, { ...noLimits, entries });
    assert(page.length <= entries, `a page of at most ${entries} entries has ${page.length}`);
    if (page.length === 0) return read;
    const last = read.at(-1) ?? 0;
    assert((page[0] ?? 0) > last, `the page after ${last} begins with ${page[0]}`);
    read.push(...page);
  }
}
