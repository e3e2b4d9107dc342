import type { Message, StoreOperation } from '@carillon/persistence';
import { MemoryLevel } from 'memory-level';
import { expect, test } from 'vitest';
import { formatVersion } from '../src/format.ts';
import { checkLevelStore, levelStore } from '../src/index.ts';
import { keyOf } from '../src/keys.ts';
import { numberCodec, summaryCodec } from '../src/values.ts';

const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
const rubbish = Uint8Array.of(0xc1);

const message: Message = {
  topic: 't',
  payload: Uint8Array.of(1, 2),
  qos: 1,
  retain: false,
  properties: {},
  origin: 'client',
  publisherId: 'p',
  receivedAt: 1,
  expiresAt: undefined,
};

function session(clientId: string): StoreOperation {
  const record = { sessionExpiryInterval: 60, createdAt: 1, disconnectedAt: 2, mountPoint: '' };
  return {
    do: 'putSession',
    session: { clientId, protocolVersion: 5, identity: undefined, groups: [], ...record },
  };
}

function enqueue(clientId: string, sequence: number, packetId = 0): StoreOperation {
  const state = packetId === 0 ? 'queued' : 'sent';
  const rest = { qos: 1, retain: false, subscriptionIdentifiers: [], share: undefined } as const;
  return { do: 'enqueue', clientId, entry: { sequence, message, packetId, state, ...rest } };
}

/** Two sessions that wait for one message, `a` for one more, which is under way. */
async function aDatabase(): Promise<MemoryLevel<string, Uint8Array>> {
  const database = new MemoryLevel<string, Uint8Array>();
  const store = levelStore({ database });
  await store.open();
  for await (const _ of store.load()) throw new Error('it is new');
  await store.commit([session('a'), session('b'), enqueue('a', 1), enqueue('b', 1)], 'written');
  await store.commit([enqueue('a', 2, 12), { do: 'putRetained', message }], 'written');
  await store.commit([{ do: 'putInboundId', clientId: 'b', packetId: 5 }], 'written');
  return database;
}

test('a store that is well is counted', async () => {
  const { counts, ...rest } = await checkLevelStore({ database: await aDatabase() });
  const files = { damagedFiles: [], unfinishedBytes: 0 };
  expect(rest).toEqual({ format: formatVersion, ...files, wrong: 0, findings: [], isRepaired: false });
  expect(Object.fromEntries(counts)).toEqual({
    sessions: 2,
    'queue entries': 3,
    'shared messages': 1,
    'deliveries under way': 1,
    'inbound packet identifiers': 1,
    'retained messages': 1,
  });
});

const damages: readonly (readonly [
  name: string,
  key: string,
  value: Uint8Array | undefined,
  found: RegExp,
])[] = [
  ['a session that cannot be read', keyOf.session('b'), rubbish, /^s b: cannot be read/],
  [
    'a session that is gone',
    keyOf.session('b'),
    undefined,
    /^q b \w+: the session it belongs to is not there/,
  ],
  ['an entry that cannot be read', keyOf.chunk('a', 2), rubbish, /^q a \w+: cannot be read/],
  ['an entry that is gone', keyOf.chunk('a', 1), undefined, /^n a: the queue has 1 entries/],
  ['a bundle that is gone', keyOf.bundle(1), undefined, /^q a \w+: the messages it refers to are not there/],
  ['a bundle that cannot be read', keyOf.bundle(1), rubbish, /^b \w+: cannot be read/],
  ['a bundle nobody waits for', keyOf.bundle(9), rubbish, /^b \w+9: cannot be read/],
  ['a wrong count', keyOf.bundleCount(1), numberCodec.write(7), /^c \w+: 7 entries refer .* it is 2/],
  ['a count that is gone', keyOf.bundleCount(1), undefined, /^c \w+: nothing says how many entries/],
  [
    'a wrong sum',
    keyOf.queueSummary('a'),
    summaryCodec.write({ length: 5, bytes: 6, lastSequence: 2, isOpen: false }),
    /^n a: the queue has 5 entries of 6 bytes, it says: it has 2 of 6/,
  ],
  [
    'a sum that cannot be read',
    keyOf.queueSummary('a'),
    rubbish,
    /^n a: the sums of the queue cannot be read/,
  ],
  ['a Will of nobody', keyOf.will('z'), rubbish, /^w z: the session it belongs to is not there/],
  ['a retained message under another topic', keyOf.retained('t'), rubbish, /^r t: cannot be read/],
  ['a delivery of nothing', keyOf.marks('a', 77), rubbish, /^f a \w+: cannot be read/],
  ['no format', keyOf.meta('format'), undefined, /^m format: the store does not say its format/],
];

test.each(damages)('%s is found, and repaired', async (_, key, value, found) => {
  const database = await aDatabase();
  if (value === undefined) await database.del(key, encodings);
  else await database.put(key, value, encodings);
  const report = await checkLevelStore({ database });
  expect(report.wrong).toBeGreaterThan(0);
  expect(report.findings.map(({ key: at, problem }) => `${at}: ${problem}`)).toContainEqual(
    expect.stringMatching(found),
  );
  expect(await checkLevelStore({ database, repair: true })).toMatchObject({ isRepaired: true });
  expect(await checkLevelStore({ database })).toMatchObject({ wrong: 0, findings: [] });
});

test('a check that does not repair changes nothing', async () => {
  const database = await aDatabase();
  await database.put(keyOf.session('b'), rubbish, encodings);
  const before = await database.iterator(encodings).all();
  await checkLevelStore({ database });
  await database.open();
  expect(await database.iterator(encodings).all()).toEqual(before);
});

test('a folder in which there is no store is refused, and stays as it is', async () => {
  await expect(checkLevelStore({ location: '/nowhere/at/all' })).rejects.toThrow(
    'there is no store in /nowhere/at/all',
  );
});
