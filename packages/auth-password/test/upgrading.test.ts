import { readFileSync, writeFileSync } from 'node:fs';
import { hashPassword, passwordAuth } from '@carillon/auth-password';
import { expect, test } from 'vitest';
import { brokerWith } from './login-at.ts';
import { fileWith } from './places.ts';

const weak = { N: 1024, r: 8, p: 1 };
const cost = { N: 2048, r: 8, p: 1 };
const mosquitto =
  '$7$101$QERhCjGw3/UcyZta$bj9erR0DEswDbyvCdCqbESg29xt80Dsn5sAkSrzILsTYEnbI/Fje7EbIFb4nLUFUwCfGeMPgGIC3pST7OrLGXg==';

/** Closes the broker, which waits for what goes on behind the logins. */
async function close({ laboratory, broker }: ReturnType<typeof brokerWith>): Promise<void> {
  const closing = broker.close();
  await laboratory.settle();
  await closing;
}

test('a hash that costs less than configured is replaced at the login, and nothing else in the file', async () => {
  const bob = await hashPassword('ding-dong', weak);
  const before = `# staff\r\n\r\nalice:${await hashPassword('tick-tock', weak)}\r\n  # bob is on leave\r\nbob:${bob}\r\n`;
  const file = fileWith(before);
  const world = brokerWith(passwordAuth({ file, cost }));
  expect(await world.login('alice', 'wrong')).toBe(0x86);
  expect(await world.login('alice', 'tick-tock')).toBe(0x00);
  await close(world);
  const after = readFileSync(file, 'utf8');
  const lines = after.split('\r\n');
  expect(lines[2]).toMatch(/^alice:\$scrypt\$ln=11,r=8,p=1\$/);
  expect([...lines.slice(0, 2), ...lines.slice(3)]).toEqual([
    '# staff',
    '',
    '  # bob is on leave',
    `bob:${bob}`,
    '',
  ]);

  const again = brokerWith(passwordAuth({ file, cost }));
  expect(await again.login('alice', 'tick-tock')).toBe(0x00);
  await close(again);
  expect(readFileSync(file, 'utf8')).toBe(after);
});

test("Mosquitto's hashes stay as they are, unless all weak ones are to be replaced", async () => {
  const file = fileWith(`alice:${mosquitto}\n`);
  const own = brokerWith(passwordAuth({ file, cost }));
  expect(await own.login('alice', 'tick tock')).toBe(0x00);
  await close(own);
  expect(readFileSync(file, 'utf8')).toBe(`alice:${mosquitto}\n`);

  const all = brokerWith(passwordAuth({ file, cost, upgrade: 'all' }));
  expect(await all.login('alice', 'tick tock')).toBe(0x00);
  await close(all);
  expect(readFileSync(file, 'utf8')).toMatch(/^alice:\$scrypt\$ln=11,r=8,p=1\$[^\n]+\n$/);
  expect(await brokerWith(passwordAuth({ file, cost })).login('alice', 'tick tock')).toBe(0x00);
});

test('a password that was set meanwhile is not undone', async () => {
  const file = fileWith(`alice:${await hashPassword('tick-tock', weak)}\n`);
  const world = brokerWith(passwordAuth({ file, cost }));
  const changed = `alice:${await hashPassword('changed', weak)}\n`;
  writeFileSync(file, changed);
  // The change was not noticed yet.
  expect(await world.login('alice', 'tick-tock')).toBe(0x00);
  await close(world);
  expect(readFileSync(file, 'utf8')).toBe(changed);
});

test('a store of the host is handed the stronger hash', async () => {
  const users = new Map([['alice', await hashPassword('tick-tock', weak)]]);
  const world = brokerWith(
    passwordAuth({
      cost,
      find: (user) => users.get(user),
      upgraded: (user, hash) => void users.set(user, hash),
    }),
  );
  expect(await world.login('alice', 'tick-tock')).toBe(0x00);
  await close(world);
  expect(users.get('alice')).toMatch(/^\$scrypt\$ln=11,/);
});

test('hashes that cannot be kept are told once, and not made again', async () => {
  let asked = 0;
  const hash = await hashPassword('tick-tock', weak);
  const world = brokerWith(
    passwordAuth({
      cost,
      find: () => hash,
      upgraded: () => {
        asked++;
        throw new Error('the database is read-only');
      },
    }),
  );
  for (const _ of [1, 2, 3]) expect(await world.login('alice', 'tick-tock')).toBe(0x00);
  await world.laboratory.settleUntil(() => world.laboratory.logger.messages('warn').length > 0);
  expect(await world.login('alice', 'tick-tock')).toBe(0x00);
  await close(world);
  expect(asked).toBe(1);
  expect(world.laboratory.logger.messages('warn')).toEqual([
    'stronger hashes of passwords cannot be kept, and are not made any more',
  ]);
});
