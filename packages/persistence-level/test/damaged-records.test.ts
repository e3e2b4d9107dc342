import type { StoredRecord, StoreOperation } from '@carillon/persistence';
import { checkLevelStore, type DamagedRecord, levelStore } from '@carillon/persistence-level';
import { MemoryLevel } from 'memory-level';
import { describe, expect, test } from 'vitest';
import { keyOf } from '../src/keys.ts';
import { dequeue, enqueue, loaded, messageOn, putSession, sequencesOf } from './own-database.ts';

const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
const rubbish = Uint8Array.of(0xc1);
const bytesOfOne = 't'.length + 'to t'.length;

/** A database that was filled by one process, may be damaged, and is read by the next. */
class Place {
  readonly database = new MemoryLevel<string, Uint8Array>();
  readonly damaged: DamagedRecord[] = [];
  readonly batches: readonly (readonly StoreOperation[])[];

  constructor(...batches: readonly (readonly StoreOperation[])[]) {
    this.batches = batches;
  }

  async fill(): Promise<void> {
    const store = levelStore({ database: this.database });
    await loaded(store);
    for (const batch of this.batches) await store.commit(batch, 'written');
    await store.close();
    await this.database.open();
  }

  damage(key: string, value: Uint8Array = rubbish): Promise<void> {
    return this.database.put(key, value, encodings);
  }

  /** The store of the next process, and what it has loaded. */
  async next() {
    const store = levelStore({ database: this.database, damaged: (record) => this.damaged.push(record) });
    return { store, records: await loaded(store) };
  }

  /** The sums of a queue as the process after that finds them. */
  async sumsAfterRestart(clientId = 'a') {
    return sumsOf((await this.next()).records, clientId);
  }
}

function sumsOf(records: readonly StoredRecord[], clientId: string) {
  const found = records.find((record) => record.kind === 'session' && record.session.clientId === clientId);
  return found?.kind === 'session' ? found.queue : undefined;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, place) => first + place);
}

function enqueued(clientId: string, first: number, last: number): StoreOperation[] {
  return range(first, last).map((sequence) => enqueue(clientId, sequence));
}

describe('a chunk that cannot be read', () => {
  async function threeChunks() {
    const place = new Place(
      [putSession('a')],
      enqueued('a', 1, 10),
      enqueued('a', 11, 20),
      enqueued('a', 21, 30),
    );
    await place.fill();
    return place;
  }

  test('is stepped over, told as a loss, and out of the sums from then on', async () => {
    const place = await threeChunks();
    await place.damage(keyOf.chunk('a', 11));
    const { store } = await place.next();
    const losses: unknown[] = [];
    const page = await store.readQueue('a', 0, { entries: 100, bytes: 1e6 }, (loss) => losses.push(loss));
    expect(page.map(({ sequence }) => sequence)).toEqual([...range(1, 10), ...range(21, 30)]);
    expect(losses).toEqual([{ length: 10, bytes: 10 * bytesOfOne }]);
    expect(place.damaged.map(({ key }) => key)).toEqual([keyOf.chunk('a', 11)]);
    expect(await place.sumsAfterRestart()).toEqual({ length: 20, bytes: 20 * bytesOfOne, lastSequence: 30 });
    expect(await checkLevelStore({ database: place.database })).toMatchObject({ wrong: 0 });
  });

  test('counts right while others of the queue come and go', async () => {
    const place = await threeChunks();
    await place.damage(keyOf.chunk('a', 11));
    const { store } = await place.next();
    const [page] = await Promise.all([
      sequencesOf(store, 'a'),
      store.commit([enqueue('a', 31), dequeue('a', 1)], 'written'),
      sequencesOf(store, 'a'),
    ]);
    expect(page).not.toContain(11);
    await store.commit([dequeue('a', 11), dequeue('a', 2)], 'written');
    expect(place.damaged).toHaveLength(1);
    expect(await place.sumsAfterRestart()).toMatchObject({ length: 19, lastSequence: 31 });
    expect(await checkLevelStore({ database: place.database })).toMatchObject({ wrong: 0 });
  });

  test('is no loss of what comes behind it when it lies before the page too', async () => {
    const place = await threeChunks();
    const { store } = await place.next();
    await place.damage(keyOf.chunk('a', 1));
    await place.damage(keyOf.chunk('a', 21));
    const losses: unknown[] = [];
    await store.readQueue('a', 5, { entries: 100, bytes: 1e6 }, (loss) => losses.push(loss));
    expect(losses).toEqual([]);
    expect(await place.sumsAfterRestart()).toMatchObject({ length: 10 });
  });

  test('is counted for nothing where it came last and its sums were not written yet', async () => {
    const place = new Place();
    const crashed = levelStore({ database: place.database });
    await loaded(crashed);
    await crashed.commit([putSession('a')], 'written');
    await crashed.commit(enqueued('a', 1, 3), 'written');
    await crashed.commit([...enqueued('a', 4, 6)], 'written');
    await place.damage(keyOf.chunk('a', 4));
    const { store, records } = await place.next();
    expect(sumsOf(records, 'a')).toEqual({ length: 3, bytes: 3 * bytesOfOne, lastSequence: 4 });
    await store.commit([enqueue('a', 5)], 'written');
    expect(await sequencesOf(store, 'a')).toEqual([1, 2, 3, 5]);
    expect(await place.sumsAfterRestart()).toMatchObject({ length: 4 });
  });
});

test('entries whose bundle cannot be read are told as a loss, in every queue', async () => {
  const shared = messageOn('t');
  const place = new Place(
    [putSession('a'), putSession('b')],
    [enqueue('a', 1, shared), enqueue('b', 1, shared)],
    [enqueue('a', 2), enqueue('b', 2)],
  );
  await place.fill();
  await place.damage(keyOf.bundle(1));
  const { store } = await place.next();
  for (const clientId of ['a', 'b']) {
    const losses: unknown[] = [];
    const page = await store.readQueue(clientId, 0, { entries: 9, bytes: 1e6 }, (loss) => losses.push(loss));
    expect(page.map(({ sequence }) => sequence)).toEqual([2]);
    expect(losses).toEqual([{ length: 1, bytes: bytesOfOne }]);
    expect(await place.sumsAfterRestart(clientId)).toMatchObject({ length: 1 });
  }
  expect(await checkLevelStore({ database: place.database })).toMatchObject({ wrong: 0 });
});

describe('a delivery state that cannot be read', () => {
  const markSent = { do: 'markSent', clientId: 'a', sequence: 2, packetId: 7, state: 'sent' } as const;

  test.each([
    ['rubbish', rubbish],
    ['no packet identifier', Uint8Array.of(1, 1)],
    ['one above all that there are', Uint8Array.of(1, 0xff, 0xff, 0x7f)],
  ])('(%s) makes its entries wait anew, all of them counted', async (_, value) => {
    const place = new Place([putSession('a')], enqueued('a', 1, 5), [markSent, dequeue('a', 1)]);
    await place.fill();
    await place.damage(keyOf.marks('a', 1), value);
    const { store, records } = await place.next();
    expect(place.damaged.map(({ key }) => key)).toEqual([keyOf.marks('a', 1)]);
    expect(sumsOf(records, 'a')).toEqual({ length: 5, bytes: 5 * bytesOfOne, lastSequence: 5 });
    const page = await store.readQueue('a', 0, { entries: 9, bytes: 1e6 });
    expect(page.map(({ sequence, state }) => `${sequence} ${state}`)).toEqual(
      range(1, 5).map((sequence) => `${sequence} queued`),
    );
    expect(await place.sumsAfterRestart()).toMatchObject({ length: 5 });
    await store.close();
    expect(await checkLevelStore({ database: place.database })).toMatchObject({ wrong: 0 });
  });
});

describe('a count of references', () => {
  async function twoWait() {
    const shared = messageOn('t');
    const place = new Place(
      [putSession('a'), putSession('b'), putSession('c')],
      [enqueue('a', 1, shared), enqueue('b', 1, shared), enqueue('c', 1, shared)],
      [dequeue('c', 1)],
    );
    await place.fill();
    return place;
  }

  async function goesWithTheLast(place: Place): Promise<void> {
    const { store } = await place.next();
    await store.commit([dequeue('a', 1)], 'written');
    expect(await sequencesOf(store, 'b')).toEqual([1]);
    expect(await checkLevelStore({ database: place.database })).toMatchObject({ wrong: 0 });
    await place.database.open();
    await store.commit([dequeue('b', 1)], 'written');
    expect(await place.database.get(keyOf.bundle(1), encodings)).toBeUndefined();
    expect(await place.database.get(keyOf.bundleCount(1), encodings)).toBeUndefined();
  }

  test('that cannot be read is told, and made anew', async () => {
    const place = await twoWait();
    await place.damage(keyOf.bundleCount(1), Uint8Array.of(0x80));
    await goesWithTheLast(place);
    expect(place.damaged.map(({ key }) => key)).toEqual([keyOf.bundleCount(1)]);
  });

  test('that is gone is made anew', async () => {
    const place = await twoWait();
    await place.database.del(keyOf.bundleCount(1), encodings);
    await goesWithTheLast(place);
  });
});

describe('a session that cannot be read', () => {
  test.each(['as it was', 'its sums damaged too'])(
    'leaves nothing to the next of its id (%s)',
    async (how) => {
      const place = new Place(
        [putSession('a'), putSession('b'), { do: 'putInboundId', clientId: 'a', packetId: 3 }],
        [...enqueued('a', 1, 5), ...enqueued('b', 1, 2)],
      );
      await place.fill();
      await place.damage(keyOf.session('a'));
      if (how !== 'as it was') await place.damage(keyOf.queueSummary('a'));
      // Whether it comes in the process that has set it aside, or in the next.
      await place.next();
      const { store, records } = await place.next();
      expect(sumsOf(records, 'a')).toBeUndefined();
      expect(sumsOf(records, 'b')).toMatchObject({ length: 2 });
      await store.commit([putSession('a')], 'written');
      expect(await sequencesOf(store, 'a')).toEqual([]);
      await store.commit([enqueue('a', 1)], 'written');
      expect(await sequencesOf(store, 'a')).toEqual([1]);
      const kinds = (await place.next()).records.filter((record) => record.kind === 'inboundId');
      expect(kinds).toEqual([]);
      expect(await checkLevelStore({ database: place.database })).toMatchObject({ wrong: 0 });
    },
  );

  test('nor does one that lies under another id', async () => {
    const place = new Place([putSession('a'), putSession('b')], enqueued('a', 1, 2));
    await place.fill();
    const other = await place.database.get(keyOf.session('b'), encodings);
    await place.damage(keyOf.session('a'), other);
    const { records } = await place.next();
    expect(records.filter(({ kind }) => kind === 'session')).toHaveLength(1);
    expect(place.damaged.map(({ key }) => key)).toEqual([keyOf.session('a')]);
  });
});
