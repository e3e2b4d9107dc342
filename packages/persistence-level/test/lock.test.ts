import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { levelStore } from '@carillon/persistence-level';
import { expect, onTestFinished, test } from 'vitest';
import { loaded } from './own-database.ts';
import { temporaryFolder } from './places.ts';

/** Another process that has the folder open. */
async function holderOf(location: string) {
  const program = fileURLToPath(new URL('holder.mjs', import.meta.url));
  const holder = spawn(process.execPath, [program, location], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    holder.kill();
  });
  await once(holder.stdout, 'data');
  return holder;
}

test('a folder that another process has open is refused, and the process is named', async () => {
  const location = await temporaryFolder();
  const holder = await holderOf(location);
  await expect(levelStore({ location }).open()).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: `the store in ${location} is in use by process ${holder.pid} on elsewhere (since 2026-01-01T00:00:00.000Z)`,
  });
});

test('when the other process is killed the folder opens', async () => {
  const location = await temporaryFolder();
  const holder = await holderOf(location);
  const exited = once(holder, 'exit');
  holder.kill('SIGKILL');
  await exited;
  const store = levelStore({ location });
  expect(await loaded(store)).toEqual([]);
  await store.close();
});

test('a second store in the same process is told that this process has the folder', async () => {
  const location = await temporaryFolder();
  const first = levelStore({ location });
  await first.open();
  await expect(levelStore({ location }).open()).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: expect.stringContaining(`is in use by process ${process.pid} on `),
  });
  await first.close();
  expect(existsSync(join(location, 'carillon.lock'))).toBe(false);
});
