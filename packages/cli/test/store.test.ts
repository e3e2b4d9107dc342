import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryStore, type StoreOperation } from '@carillon/persistence';
import { levelStore } from '@carillon/persistence-level';
import { describe, expect, test } from 'vitest';
import { header, linesOf, operationsOf } from '../src/store/json-lines.ts';
import { drawn } from '../src/store/progress-bar.ts';
import { CarillonProcess } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

const fixture = new URL('fixtures/store.ndjson', import.meta.url);
const lines = readFileSync(fixture, 'utf8');

/** A folder with `lines` in `backup.ndjson`, and imported into `carillon-data`. */
async function folderWithStore(): Promise<string> {
  const folder = folderWith({ 'backup.ndjson': lines });
  const imported = await store(folder, 'import', 'backup.ndjson', 'carillon-data');
  expect(imported).toMatchObject({ code: 0, stderr: '' });
  return folder;
}

/** Lines that would do, but for what is given. */
function subscriptionLine(fields: object): string {
  const flags = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 };
  const subscription = { filter: 'a', topicFilter: 'a', ...flags, ...fields };
  return JSON.stringify({ kind: 'subscription', clientId: 'a', subscription });
}

function messageOf(fields: object): object {
  const message = { topic: 'a', payload: '', qos: 1, retain: true, properties: {}, origin: 'client' };
  return { ...message, publisherId: 'p', receivedAt: 1, ...fields };
}

function retainedLine(fields: object): string {
  return JSON.stringify({ kind: 'retained', message: messageOf(fields) });
}

function queuedLine(fields: object): string {
  const entry = { clientId: 'a', sequence: 1, qos: 1, retain: false, subscriptionIdentifiers: [] };
  return JSON.stringify({
    kind: 'queued',
    message: messageOf({}),
    in: [{ ...entry, packetId: 0, state: 'queued', ...fields }],
  });
}

function store(folder: string, ...args: string[]) {
  return new CarillonProcess(['store', ...args], folder).ended;
}

test('what is exported, imported and exported again is the same', async () => {
  const folder = await folderWithStore();
  const { code, stdout } = await store(folder, 'export', 'carillon-data');
  expect(code).toBe(0);
  expect(stdout.split('\n').sort()).toEqual(lines.split('\n').sort());
});

test('an export whose reader has seen enough ends without a word', async () => {
  const many = Array.from({ length: 3000 }, (_, i) => retainedLine({ topic: `a/${i}` }));
  const folder = folderWith({ 'backup.ndjson': [header, ...many, ''].join('\n') });
  expect(await store(folder, 'import', 'backup.ndjson', 'carillon-data')).toMatchObject({ code: 0 });
  const exporting = new CarillonProcess(['store', 'export', 'carillon-data'], folder);
  exporting.stopReading();
  expect(await exporting.ended).toMatchObject({ code: 0, stderr: '' });
});

test('an export does not overwrite a file', async () => {
  const folder = await folderWithStore();
  expect(await store(folder, 'export', 'carillon-data', 'new.ndjson')).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'new.ndjson'), 'utf8')).toContain(header);
  expect(await store(folder, 'export', 'carillon-data', 'new.ndjson')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('new.ndjson cannot be written: EEXIST'),
  });
});

test('a line that cannot be is told by its number', async () => {
  const folder = folderWith({
    'bad.ndjson': `${header}\n{"kind":"inboundId","clientId":"a","packetId":"7"}\n`,
    'none.ndjson': '{}\n',
  });
  expect(await store(folder, 'import', 'bad.ndjson', 'd')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'carillon: bad.ndjson, line 2: packetId has to be a whole number from 1 to 65535; what stands',
    ),
  });
  expect(await store(folder, 'import', 'none.ndjson', 'e')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('none.ndjson is no export that this version can read'),
  });
  expect(await store(folder, 'import', 'nowhere.ndjson', 'e')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nowhere.ndjson cannot be read: ENOENT'),
  });
  expect(existsSync(join(folder, 'e'))).toBe(false);
});

test.each([
  ['what is no JSON', '\u001b[2J{', 'the line is no JSON'],
  ['what is no object', '[]', 'the line has to be an object'],
  [
    'a client id that would be two',
    '{"kind":"session","session":{"clientId":"a\\u0000b"}}',
    'session.clientId has to be text without U+0000, in valid Unicode',
  ],
  [
    'a packet identifier below zero',
    '{"kind":"inboundId","clientId":"a","packetId":-7}',
    'packetId has to be a whole number from 1 to 65535',
  ],
  [
    'a filter that is none',
    subscriptionLine({ filter: 'a/#/b', topicFilter: 'a/#/b' }),
    'subscription.filter: "#" at character 3 (level 2) must be the whole last level of the filter, as in "a/b/#"',
  ],
  [
    'a filter that would be matched and is none',
    subscriptionLine({ topicFilter: 'a+' }),
    'subscription.topicFilter: "+" at character 2 (level 1) shares its level with other characters; it must stand alone between slashes, as in "a/+/b"',
  ],
  [
    'a share group that the filter does not name',
    subscriptionLine({ shareName: 'others' }),
    'subscription.shareName has to be left out, as its filter says',
  ],
  [
    'a topic that is none',
    retainedLine({ topic: 'a/+' }),
    'message.topic: The topic name has the wildcard "+" at character 3 (level 2); wildcards belong in filters only',
  ],
  [
    'a topic that UTF-8 cannot carry',
    retainedLine({ topic: '\ud800' }),
    'message.topic has to be text without U+0000, in valid Unicode',
  ],
  [
    'a response topic that is none',
    retainedLine({ properties: { responseTopic: '' } }),
    'message.properties.responseTopic: The topic name is empty; it needs at least one character',
  ],
  [
    'an identifier of a message that was not sent',
    queuedLine({ packetId: 7 }),
    'in[0].packetId has to be a whole number from 0 to 0',
  ],
  [
    'a delivery without an identifier',
    queuedLine({ state: 'sent' }),
    'in[0].packetId has to be a whole number from 1 to 65535',
  ],
  [
    'a number that no message has',
    queuedLine({ sequence: 0 }),
    'in[0].sequence has to be a whole number from 1',
  ],
  [
    'what belongs to nobody',
    '{"kind":"inboundId","clientId":"a","packetId":7}',
    'no session of "a" stands before it',
  ],
])('%s is not imported', async (_, line, problem) => {
  const folder = folderWith({ 'bad.ndjson': `${header}\n${line}\n` });
  const { code, stderr } = await store(folder, 'import', 'bad.ndjson', 'd');
  expect(code).toBe(1);
  expect(stderr).toContain(`carillon: bad.ndjson, line 2: ${problem}`);
  expect(stderr).toContain('; what stands before it was imported');
  expect(stderr).not.toContain('\u001b');
});

test('a file is no folder for a store, and stays as it is', async () => {
  const folder = await folderWithStore();
  writeFileSync(join(folder, 'file'), 'mine');
  for (const tool of [
    ['import', 'backup.ndjson', 'file'],
    ['copy', 'carillon-data', 'file'],
  ]) {
    expect(await store(folder, ...tool)).toMatchObject({
      code: 1,
      stderr: 'carillon: file is a file: a store is a folder\n',
    });
  }
  for (const tool of ['check', 'stats', 'export']) {
    expect(await store(folder, tool, 'file')).toMatchObject({
      code: 1,
      stderr: 'carillon: there is no store in file\n',
    });
  }
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine');
});

describe('a folder whose files are damaged', () => {
  const fileOf = (folder: string, name: RegExp): string => {
    const data = join(folder, 'carillon-data');
    return join(data, readdirSync(data).find((file) => name.test(file)) ?? 'none');
  };

  test.each([
    [
      'CURRENT',
      (folder: string) => writeFileSync(fileOf(folder, /^CURRENT$/), 'rubbish'),
      /CURRENT: it names/,
    ],
    ['a manifest that is cut', (folder: string) => truncateSync(fileOf(folder, /^MANIFEST/), 20), /MANIFEST/],
    ['a manifest that is gone', (folder: string) => rmSync(fileOf(folder, /^MANIFEST/)), /CURRENT: it names/],
  ])('is told as such, left as it is, and repaired when asked to: %s', async (_, damage, problem) => {
    const folder = await folderWithStore();
    damage(folder);
    const log = readFileSync(fileOf(folder, /log$/));
    for (const tool of ['stats', 'export']) {
      expect(await store(folder, tool, 'carillon-data')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('carillon: carillon-data: its files are damaged'),
      });
    }
    const checked = await store(folder, 'check', 'carillon-data');
    expect(checked).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^DAMAGED [\s\S]*--repair puts it right\n$/),
    });
    expect(checked.stdout).toMatch(problem);
    expect(readFileSync(fileOf(folder, /log$/))).toEqual(log);

    expect(await store(folder, 'check', 'carillon-data', '--repair')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('as they were, the files are in carillon-data/damaged\n'),
    });
    const { code, stdout } = await store(folder, 'export', 'carillon-data');
    expect(code).toBe(0);
    expect(stdout.split('\n').sort()).toEqual(lines.split('\n').sort());
  });

  test('a log that was overwritten is not taken for one that is well', async () => {
    const folder = await folderWithStore();
    writeFileSync(fileOf(folder, /log$/), Buffer.alloc(500, 0xc1));
    expect(await store(folder, 'check', 'carillon-data')).toMatchObject({ code: 1 });
  });
});

test('a copy has everything, and is not made into a store that has something', async () => {
  const folder = await folderWithStore();
  expect(await store(folder, 'copy', 'carillon-data', 'copy')).toMatchObject({
    code: 0,
    stdout: 'copied 6 records and 3 queued messages to copy\n',
    stderr: '',
  });
  const { stdout } = await store(folder, 'export', 'copy');
  expect(stdout.split('\n').sort()).toEqual(lines.split('\n').sort());
  expect(await store(folder, 'copy', 'carillon-data', 'copy')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('copy is not empty: give an empty one'),
  });
});

test('a store is not copied into itself', async () => {
  const folder = await folderWithStore();
  expect(await store(folder, 'copy', 'carillon-data', './carillon-data/')).toMatchObject({
    code: 1,
    stderr: 'carillon: carillon-data cannot be copied into itself: name another place\n',
  });
});

test('a module brings any other store', async () => {
  const folder = await folderWithStore();
  writeFileSync(
    join(folder, 'print-store.mjs'),
    `export default {
      name: 'printing', supports: { durability: 'memory', atomicBatches: true, restart: false },
      open() {}, close() {}, load: () => [], readQueue: () => [],
      commit(batch) { for (const operation of batch) console.log(operation.do); },
    };`,
  );
  const { code, stdout } = await store(folder, 'copy', 'carillon-data', 'print-store.mjs');
  expect(code).toBe(0);
  expect(stdout.split('\n').filter((line) => line === 'enqueue')).toHaveLength(3);
});

test('a copy goes through a module’s backend and comes back whole', async () => {
  const folder = await folderWithStore();
  const module = fileURLToPath(new URL('fixtures/aedes-store.mjs', import.meta.url));
  expect(await store(folder, 'copy', 'carillon-data', module)).toMatchObject({
    code: 0,
    stdout: `copied 6 records and 3 queued messages to ${module}\n`,
  });
  expect(await store(folder, 'copy', module, 'back')).toMatchObject({
    code: 0,
    stdout: 'copied 6 records and 3 queued messages to back\n',
  });
  const { stdout } = await store(folder, 'export', 'back');
  expect(stdout.split('\n').sort()).toEqual(lines.split('\n').sort());
  expect(await store(folder, 'copy', 'carillon-data', module)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is not empty'),
  });
});

test('a module that is none is told', async () => {
  const folder = await folderWithStore();
  writeFileSync(join(folder, 'broken.mjs'), 'export default {;');
  writeFileSync(join(folder, 'other.mjs'), 'export default { name: "other" };');
  for (const [module, problem] of [
    ['broken.mjs', 'broken.mjs cannot be loaded: '],
    ['other.mjs', 'the default export of other.mjs is no store'],
    ['missing.mjs', 'missing.mjs cannot be loaded: '],
  ] as const) {
    expect(await store(folder, 'copy', 'carillon-data', module)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`carillon: ${problem}`),
    });
  }
});

test('stats counts', async () => {
  const folder = await folderWithStore();
  const { code, stdout } = await store(folder, 'stats', 'carillon-data');
  expect(code).toBe(0);
  expect(stdout.replace(/^on disk: \d+ bytes\n/, '')).toBe(
    [
      'sessions: 2 (0 connected when the broker ended)',
      'subscriptions: 1 (1 shared)',
      'queued messages: 3 (26 bytes)',
      'retained messages: 1 (10 bytes)',
      'inbound packet identifiers: 1',
      'Wills: 1',
      'queue of night-owl: 2 (18 bytes)',
      'queue of lark: 1 (8 bytes)',
      '',
    ].join('\n'),
  );
});

test('check tells what is wrong, and repairs it when asked to', async () => {
  const folder = await folderWithStore();
  expect(await store(folder, 'check', 'carillon-data')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^sessions: 2\n[\s\S]*\nall is well\n$/),
  });
  await spoil(join(folder, 'carillon-data'));
  expect(await store(folder, 'check', 'carillon-data')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/\nWRONG s lark: cannot be read: .*\n[\s\S]*--repair puts it right\n$/),
  });
  expect(await store(folder, 'check', 'carillon-data', '--repair')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/things are wrong; repaired\n$/),
  });
  expect(await store(folder, 'check', 'carillon-data')).toMatchObject({ code: 0 });
});

test('a damaged record is left out of an export, told, and stays where it is', async () => {
  const folder = await folderWithStore();
  await spoil(join(folder, 'carillon-data'));
  for (let round = 0; round < 2; round++) {
    const { code, stderr, stdout } = await store(folder, 'export', 'carillon-data');
    expect(code).toBe(1);
    expect(stderr).toContain('carillon: left out, because it cannot be read: s lark: ');
    expect(stdout).toContain('"clientId":"night-owl"');
  }
});

test('a store that a broker has open is left alone', async () => {
  const folder = folderWith({});
  const broker = new CarillonProcess(['--port', '0'], folder);
  await broker.ready();
  for (const tool of [['check'], ['stats'], ['export']]) {
    expect(await store(folder, ...tool, 'carillon-data')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is in use by process \d+ on .*; stop it first\n$/),
    });
  }
});

test('a folder without a store is told, and not made', async () => {
  const folder = folderWith({});
  for (const tool of ['check', 'stats', 'export']) {
    expect(await store(folder, tool, 'nothing')).toMatchObject({
      code: 1,
      stderr: 'carillon: there is no store in nothing\n',
    });
  }
  expect(existsSync(join(folder, 'nothing'))).toBe(false);
});

test('a command line that cannot be exits with 2', async () => {
  const folder = folderWith({});
  expect(await store(folder, 'chekc', 'd')).toMatchObject({
    code: 2,
    stderr: 'carillon: there is no carillon store chekc: there are check, stats, copy, export, import\n',
  });
  expect(await store(folder, 'check', 'd', '--fix')).toMatchObject({
    code: 2,
    stderr: 'carillon: carillon store check has no option --fix\n',
  });
  expect(await store(folder, 'copy', 'd')).toMatchObject({
    code: 2,
    stderr: 'carillon: it is: carillon store copy FROM TO\n',
  });
  expect(await store(folder, '--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('--repair'),
  });
});

describe('lines of an export', () => {
  test('every record and every field comes back as it was', async () => {
    const read = lines.trimEnd().split('\n').slice(1);
    const operations = read.flatMap(operationsOf);
    expect([...linesOf(operations)]).toEqual(read);
    const from = memoryStore();
    await from.commit(operations, 'memory');
    expect(await from.readQueue('night-owl', 0, { entries: 10, bytes: 1e6 })).toMatchObject([
      {
        sequence: 3,
        packetId: 12,
        state: 'released',
        message: {
          payload: Uint8Array.from(Buffer.from('hello')),
          properties: { correlationData: Uint8Array.of(0, 255), userProperties: [['a', 'b']] },
        },
      },
      { sequence: 9, state: 'queued' },
    ]);
  });

  test('a message for several sessions is one line, and one message again', () => {
    const shared = lines.split('\n').find((line) => line.includes('"clientId":"lark","sequence"')) ?? '';
    const operations = operationsOf(shared).filter(isEnqueue);
    expect(operations).toHaveLength(2);
    expect(new Set(operations.map(({ entry }) => entry.message)).size).toBe(1);
  });

  test.each([
    ['{', 'JSON'],
    ['[]', 'the line has to be an object'],
    ['{"kind":"secret"}', 'kind has to be one of session, subscription'],
    ['{"kind":"session"}', 'session has to be an object'],
    ['{"kind":"queued","message":{"topic":"t","payload":"?"}}', 'message.payload has to be base64'],
  ])('%s is refused', (line, message) => {
    expect(() => operationsOf(line)).toThrow(message);
  });
});

test('the bar shows messages as soon as there are any', () => {
  expect(drawn({ records: 5, entries: 0, expectedEntries: 10 })).toBe('5 records');
  expect(drawn({ records: 5, entries: 5, expectedEntries: 10 })).toBe(
    `[${'#'.repeat(15)}${'-'.repeat(15)}] 50 %, 5 of 10 messages`,
  );
});

function isEnqueue(operation: StoreOperation): operation is Extract<StoreOperation, { do: 'enqueue' }> {
  return operation.do === 'enqueue';
}

/** Makes the record of the session `lark` unreadable. */
async function spoil(location: string): Promise<void> {
  const { Level } = await import('level');
  const level = new Level<string, Uint8Array>(location, { valueEncoding: 'view' });
  await level.put('s\0lark', Uint8Array.of(0xc1));
  await level.close();
}

test('the folder of an import is one that a broker takes', async () => {
  const folder = await folderWithStore();
  const made = levelStore({ location: join(folder, 'carillon-data') });
  await made.open();
  const kinds: string[] = [];
  for await (const { kind } of made.load()) kinds.push(kind);
  await made.close();
  expect(kinds.sort()).toEqual(['inboundId', 'retained', 'session', 'session', 'subscription', 'will']);
});
