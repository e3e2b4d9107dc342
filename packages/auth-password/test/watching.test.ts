import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deleteUser, hashPassword, passwordAuth, setPassword } from '@carillon/auth-password';
import { expect, test } from 'vitest';
import { brokerWith } from './login-at.ts';
import { fileWith } from './places.ts';

const cost = { N: 1024, r: 8, p: 1 };

async function line(user: string, password: string): Promise<string> {
  return `${user}:${await hashPassword(password, cost)}\n`;
}

/** A broker that follows the file, and a way to change it that returns when the log tells of the change. */
function follow(file: string) {
  const world = brokerWith(passwordAuth({ file, cost }));
  const { laboratory } = world;
  const told = (): number => laboratory.logger.records.filter(({ level }) => level !== 'debug').length;
  const change = async (doIt: () => unknown): Promise<void> => {
    const before = told();
    await doIt();
    // A look at the disk takes real time: the next one is due after it.
    while (told() === before) await laboratory.advance(1_000);
  };
  return { ...world, change };
}

test('a file that has changed is read again: written over, renamed over, or by the command', async () => {
  const file = fileWith(await line('alice', 'first'));
  const { login, change } = follow(file);
  expect(await login('alice', 'first')).toBe(0x00);

  const second = await line('alice', 'second');
  await change(() => writeFileSync(file, second));
  expect(await login('alice', 'first')).toBe(0x86);
  expect(await login('alice', 'second')).toBe(0x00);

  const third = await line('alice', 'third');
  await change(() => {
    writeFileSync(`${file}~`, third);
    renameSync(`${file}~`, file);
  });
  expect(await login('alice', 'third')).toBe(0x00);

  await change(() => setPassword(file, 'bob', 'fourth', { cost }));
  expect(await login('alice', 'third')).toBe(0x00);
  expect(await login('bob', 'fourth')).toBe(0x00);

  await change(() => deleteUser(file, 'alice'));
  expect(await login('alice', 'third')).toBe(0x86);
});

test('a link that leads elsewhere is followed, as systems that mount secrets change it', async () => {
  const file = fileWith('', 'elsewhere.txt');
  const folder = dirname(file);
  for (const version of ['one', 'two']) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'users.txt'), await line('alice', version));
  }
  symlinkSync('one', join(folder, 'data'));
  symlinkSync('data/users.txt', join(folder, 'users.txt'));
  const { login, change } = follow(join(folder, 'users.txt'));
  expect(await login('alice', 'one')).toBe(0x00);
  await change(() => {
    symlinkSync('two', join(folder, 'data.new'));
    renameSync(join(folder, 'data.new'), join(folder, 'data'));
  });
  expect(await login('alice', 'two')).toBe(0x00);
});

test('a broken file, or none, leaves the last good one in force, and says so once', async () => {
  const file = fileWith(await line('alice', 'tick-tock'));
  const { laboratory, login, change } = follow(file);
  const broken = `${await line('alice', 'changed')}bob:plain secret\n`;
  await change(() => writeFileSync(file, broken));
  expect(await login('alice', 'tick-tock')).toBe(0x00);
  expect(await login('bob', 'plain secret')).toBe(0x86);
  const [said, ...others] = laboratory.logger.messages('warn');
  expect(others).toEqual([]);
  expect(said).toContain('users.txt, line 2, has a hash that is in no known form');
  expect(said).toContain('the users of the last good file are still in force');
  expect(said).not.toContain('secret');

  writeFileSync(join(dirname(file), 'another.txt'), '');
  await laboratory.advance(10_000);
  expect(laboratory.logger.messages('warn')).toHaveLength(1);

  await change(() => rmSync(file));
  expect(await login('alice', 'tick-tock')).toBe(0x00);
  expect(laboratory.logger.messages('warn')).toEqual([
    said,
    expect.stringContaining('cannot be read: ENOENT'),
  ]);

  const mended = await line('alice', 'mended');
  await change(() => writeFileSync(file, mended));
  expect(await login('alice', 'mended')).toBe(0x00);
  expect(laboratory.logger.messages('info').at(-1)).toContain('users.txt has changed: 1 users');
});

test('clients of a user who was deleted are disconnected, others stay', async () => {
  const [alice, bob] = [await line('alice', 'tick-tock'), await line('bob', 'ding-dong')];
  const file = fileWith(`${alice}${bob}`);
  const { laboratory, broker, change } = follow(file);
  const connect = (username: string, password: string) =>
    laboratory.connect(broker, { clientId: username, username, password });
  const hers = await connect('alice', 'tick-tock');
  const his = await connect('bob', 'ding-dong');
  await change(() => writeFileSync(file, bob));
  await hers.expectDisconnect(0x87);
  await his.ping();
});

test('a change between the making of the plugin and the start of the broker is not lost', async () => {
  const file = fileWith(await line('alice', 'first'));
  const plugin = passwordAuth({ file, cost });
  writeFileSync(file, await line('alice', 'second'));
  const { login } = brokerWith(plugin);
  expect(await login('alice', 'second')).toBe(0x00);
});

test('nothing is watched any more when the broker is closed', async () => {
  const file = fileWith(await line('alice', 'first'));
  const { laboratory, broker } = follow(file);
  writeFileSync(file, '');
  const closing = broker.close();
  await laboratory.settle();
  await closing;
  expect(laboratory.clock.pending).toBe(0);
});
