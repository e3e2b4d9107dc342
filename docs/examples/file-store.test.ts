import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeConformance } from '@carillon/persistence/conformance';
import { createBroker } from 'carillon';
import { afterAll, expect, test } from 'vitest';
import { FileStore } from './file-store.ts';

const folder = await mkdtemp(join(tmpdir(), 'file-store-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;

storeConformance({
  test,
  createStore: () => new FileStore(join(folder, `${++files}.jsonl`)),
  reopenStore: () => new FileStore(join(folder, `${files}.jsonl`)),
});

test('a torn last line is dropped, and the next batch is whole', async () => {
  const path = join(folder, 'torn.jsonl');
  const first = new FileStore(path);
  await first.open();
  await first.commit([{ do: 'deleteRetained', topic: 'a' }], 'synced');
  await first.close();
  await appendFile(path, '[{"do":"deleteRet');
  const second = new FileStore(path);
  await second.open();
  await second.commit([{ do: 'deleteRetained', topic: 'b' }], 'written');
  await second.close();
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line)[0].topic)).toEqual(['a', 'b']);
});

test('a damaged line keeps the store from opening, and is told', async () => {
  const path = join(folder, 'damaged.jsonl');
  await appendFile(path, '[{"do":"putSession"\n[]\n');
  const store = new FileStore(path);
  await expect(store.open()).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  await store.close();
});

test('a store that is not open says so', async () => {
  const store = new FileStore(join(folder, 'closed.jsonl'));
  await expect(store.commit([], 'written')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
});

test('a retained message outlives its broker', async () => {
  const path = join(folder, 'broker.jsonl');
  {
    await using broker = createBroker({ persistence: new FileStore(path) });
    await broker.start();
    await broker.publish('rooms/12', '20', { retain: true, qos: 1 });
  }
  await using broker = createBroker({ persistence: new FileStore(path) });
  await broker.start();
  expect(broker.retained('rooms/12')).toMatchObject({ qos: 1, payload: Buffer.from('20') });
});
