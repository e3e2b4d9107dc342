import { memoryStore, type Store, type StoreOperation } from '@carillon/persistence';
import { type StoreConformanceOptions, storeConformance } from '@carillon/persistence/conformance';
import { expect, test } from 'vitest';

/** Runs the suite on a store and says which of its tests fail, and why. */
async function failuresOf(
  createStore: () => Store,
  differing: Partial<StoreConformanceOptions> = {},
): Promise<string[]> {
  const runs: { name: string; run: () => Promise<void> }[] = [];
  storeConformance({
    test: (name, run) => runs.push({ name, run }),
    createStore,
    reopenStore: (closed) => closed,
    messages: 300,
    seeds: [1, 2],
    ...differing,
  });
  const failures: string[] = [];
  for (const { name, run } of runs) {
    await run().catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
  }
  return failures;
}

/** The memory store with some of its methods replaced. */
function brokenStore(change: (whole: Store) => Partial<Store>): () => Store {
  return () => {
    const whole = memoryStore();
    const methods: Store = {
      name: 'broken',
      supports: whole.supports,
      open: () => whole.open(),
      load: () => whole.load(),
      commit: (batch, durability) => whole.commit(batch, durability),
      readQueue: (clientId, after, limits) => whole.readQueue(clientId, after, limits),
      close: () => whole.close(),
    };
    return { ...methods, ...change(whole) };
  };
}

/** A store that sees every operation as `change` makes it; `undefined` loses it. */
function distorting(change: (operation: StoreOperation) => StoreOperation | undefined): () => Store {
  return brokenStore((whole) => ({
    commit: (batch, durability) =>
      whole.commit(
        batch.flatMap((operation) => change(operation) ?? []),
        durability,
      ),
  }));
}

function losing(kind: StoreOperation['do']): () => Store {
  return distorting((operation) => (operation.do === kind ? undefined : operation));
}

const kinds: readonly StoreOperation['do'][] = [
  'putSession',
  'deleteSession',
  'putSubscription',
  'deleteSubscription',
  'enqueue',
  'markSent',
  'dequeue',
  'putInboundId',
  'deleteInboundId',
  'putWill',
  'deleteWill',
  'putRetained',
  'deleteRetained',
];

test('a store without fault passes', async () => {
  expect(await failuresOf(memoryStore)).toEqual([]);
});

test.each(kinds)('a store that loses %s fails', async (kind) => {
  expect(await failuresOf(losing(kind))).not.toEqual([]);
});

test.each<[fault: string, createStore: () => Store]>([
  [
    'that confuses upper and lower case',
    distorting((operation) =>
      'clientId' in operation ? { ...operation, clientId: operation.clientId.toLowerCase() } : operation,
    ),
  ],
  [
    'whose pages ignore the limit of bytes',
    brokenStore((whole) => ({
      readQueue: (clientId, after, limits) =>
        whole.readQueue(clientId, after, { ...limits, bytes: Number.MAX_SAFE_INTEGER }),
    })),
  ],
  [
    'whose pages ignore the limit of entries',
    brokenStore((whole) => ({
      readQueue: (clientId, after, limits) =>
        whole.readQueue(clientId, after, { ...limits, entries: Number.MAX_SAFE_INTEGER }),
    })),
  ],
  [
    'whose pages begin one too early',
    brokenStore((whole) => ({
      readQueue: (clientId, after, limits) => whole.readQueue(clientId, after - 1, limits),
    })),
  ],
  [
    'that stores nothing at "memory"',
    brokenStore((whole) => ({
      commit: (batch, durability) => (durability === 'memory' ? undefined : whole.commit(batch, durability)),
    })),
  ],
  [
    'that forgets the last number of a queue',
    brokenStore((whole) => ({
      async *load() {
        for await (const record of whole.load()) {
          const forgotten = record.kind === 'session' && { queue: { ...record.queue, lastSequence: 0 } };
          yield { ...record, ...forgotten };
        }
      },
    })),
  ],
  [
    'that forgets when messages expire',
    distorting((operation) =>
      operation.do === 'putRetained'
        ? { ...operation, message: { ...operation.message, expiresAt: undefined } }
        : operation,
    ),
  ],
  ['that promises more than it can say', brokenStore(() => ({ supports: { ...full, restart: false } }))],
])('a store %s fails', async (_fault, createStore) => {
  expect(await failuresOf(createStore)).not.toEqual([]);
});

const full = { durability: 'synced', atomicBatches: true, restart: true } as const;

test('a store that claims to outlive the process has to be reopened', async () => {
  const createStore = brokenStore(() => ({ supports: full }));
  const runs: (() => Promise<void>)[] = [];
  storeConformance({ createStore, messages: 10, seeds: [], test: (_name, run) => runs.push(run) });
  const outcomes = await Promise.allSettled(runs.map((run) => run()));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
    { reason: { message: 'supports.restart is claimed: give reopenStore' } },
  ]);
});

test('a failure says what was found and what should have been there', async () => {
  const [failure] = await failuresOf(losing('putWill'));
  expect(failure).toMatch(
    /^round trips: a Will keeps every field: plain: Error: the Will: is undefined instead of \{/,
  );
});

test('a store whose failed batches leave something fails', async () => {
  let isFailing = false;
  const createStore = brokenStore((whole) => ({
    async commit(batch, durability) {
      if (!isFailing) return whole.commit(batch, durability);
      isFailing = false;
      await whole.commit(batch.slice(0, 1), durability);
      throw new Error('the disk is full');
    },
  }));
  const failNextCommit = () => {
    isFailing = true;
  };
  expect((await failuresOf(createStore, { failNextCommit })).map((text) => text.split(':')[0])).toContain(
    'batches',
  );
});
