import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '@carillon/hooks';
import { Laboratory } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { WatchedFile } from '../src/index.ts';

function guestsOnly(path: string): Plugin {
  const guests = new WatchedFile({
    path,
    read: (bytes) => new Set(new TextDecoder().decode(bytes).split('\n')),
  });
  guests.openSync();
  return {
    name: 'guests-only',
    setup: (_broker, { clock, logger }) =>
      guests.follow(clock, {
        changed: ({ size }) => logger.info({ file: guests.path }, `there are ${size} guests now`),
        failed: (err) => logger.error({ err, file: guests.path }, 'the guests before stay invited'),
      }),
    close: () => guests.close(),
    hooks: {
      authenticate: ({ username = '' }) => (guests.content.has(username) ? { allow: true } : undefined),
    },
  };
}

test('the program of the README lets in who is in its file, and follows the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-watched-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'guests.txt');
  writeFileSync(path, 'alice');
  const laboratory = new Laboratory();
  const broker = createBroker(laboratory.platform);
  broker.use(guestsOnly(path));
  const enter = (username: string) => laboratory.connect(broker, { clientId: username, username });
  await enter('alice');
  await expect(enter('bob')).rejects.toThrow();

  writeFileSync(path, 'alice\nbob');
  const { logger } = laboratory;
  // A look at the disk takes real time: the next one is due after it.
  while (logger.messages('info').at(-1) !== 'there are 2 guests now') await laboratory.advance(1000);
  await enter('bob');

  rmSync(path);
  while (logger.messages('error').length === 0) await laboratory.advance(1000);
  expect(logger.messages('error')).toEqual(['the guests before stay invited']);
  await enter('alice');
});
