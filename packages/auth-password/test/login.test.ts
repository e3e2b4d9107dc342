import { hashPassword, passwordAuth } from '@carillon/auth-password';
import { describe, expect, test } from 'vitest';
import type { HashFunction } from '../src/hash-functions.ts';
import { Login } from '../src/login.ts';
import { PasswordFile } from '../src/password-file.ts';
import { settlePasswordOptions } from '../src/password-options.ts';
import type { StoredHash } from '../src/stored-hash.ts';
import { FileUsers, FixedUsers } from '../src/user-source.ts';
import { brokerWith } from './login-at.ts';
import { fileWith } from './places.ts';

/** Quick: 1 MiB. */
const cost = { N: 1024, r: 8, p: 1 };
const { settings } = settlePasswordOptions({ users: {}, cost });
const context = { signal: new AbortController().signal };
const never = (error: unknown) => {
  throw error;
};

/** Notes every hash that is computed, by what it costs. */
function countingHash(answer: (password: Uint8Array) => boolean = () => false) {
  const hashed: string[] = [];
  const hash: HashFunction = async (password, stored) => {
    hashed.push(costOf(stored));
    return answer(password);
  };
  return { hashed, hash };
}

function costOf(stored: StoredHash): string {
  switch (stored.kind) {
    case 'scrypt':
      return `scrypt ${stored.cost.N} ${stored.cost.r} ${stored.cost.p} of ${stored.hash.length}`;
    case 'pbkdf2-sha512':
      return `pbkdf2 ${stored.iterations}`;
    default:
      return stored.kind;
  }
}

const mosquitto = `$7$101$${Buffer.alloc(12).toString('base64')}$${Buffer.alloc(64).toString('base64')}`;

describe('who is not known cannot be told from who is', () => {
  test('an unknown name costs the same hash as a wrong password', async () => {
    const { hashed, hash } = countingHash();
    const users = new FixedUsers([['alice', await hashPassword('tick-tock', cost)]], cost);
    const login = new Login(users, settings, never, hash);
    const wrong = await login.authenticate({ username: 'alice', password: Buffer.from('x') }, context);
    const unknown = await login.authenticate({ username: 'mallory', password: Buffer.from('x') }, context);
    expect(hashed).toEqual(['scrypt 1024 8 1 of 32', 'scrypt 1024 8 1 of 32']);
    expect(unknown).toEqual(wrong);
  });

  test('in a file of mixed hashes an unknown name costs what the hash of some user costs, always the same', async () => {
    const scrypt = await hashPassword('tick-tock', cost);
    const file = new PasswordFile(fileWith(`old:${mosquitto}\nnew:${scrypt}\n`), 1000);
    const { hashed, hash } = countingHash();
    const login = new Login(new FileUsers(file, cost), settings, never, hash);
    const costs = new Map<string, string>();
    for (let round = 0; round < 2; round++) {
      for (let number = 0; number < 32; number++) {
        const username = `nobody-${number}`;
        await login.authenticate({ username, password: Buffer.from('x') }, context);
        const paid = hashed.pop();
        if (paid !== undefined && round === 0) costs.set(username, paid);
        expect(paid).toBe(costs.get(username));
      }
    }
    expect(new Set(costs.values())).toEqual(new Set(['pbkdf2 101', 'scrypt 1024 8 1 of 32']));
  });

  test('nobody at all in a file costs what a new hash would', async () => {
    const file = new PasswordFile(fileWith(''), 1000);
    const { hashed, hash } = countingHash(() => true);
    const login = new Login(new FileUsers(file, cost), settings, never, hash);
    const answer = await login.authenticate({ username: 'alice', password: Buffer.from('x') }, context);
    expect(hashed).toEqual(['scrypt 1024 8 1 of 32']);
    expect(answer).toMatchObject({ allow: false });
  });

  test('passed on to others, both end in the same refusal when nobody else knows them', async () => {
    const users = { alice: await hashPassword('tick-tock', cost) };
    const { login, refusals } = brokerWith(passwordAuth({ users, cost, unknownUsers: 'pass' }));
    expect(await login('alice', 'x')).toBe(0x87);
    expect(await login('mallory', 'x')).toBe(0x87);
    const [wrong, unknown] = refusals.map(({ reasonCode, reason }) => ({ reasonCode, reason }));
    expect(wrong).toEqual(unknown);
  });
});

test('who is not known is passed on to the next plugin, and a wrong password is not', async () => {
  const users = { alice: await hashPassword('tick-tock', cost) };
  const { broker, login } = brokerWith(passwordAuth({ users, cost, unknownUsers: 'pass' }));
  broker.use({ name: 'everybody', hooks: { authenticate: () => true } });
  expect(await login('bob', 'x')).toBe(0x00);
  expect(await login('alice', 'x')).toBe(0x87);
  expect(await login('alice', 'tick-tock')).toBe(0x00);
});

test('who says no name or no password is passed on', async () => {
  const { broker, login } = brokerWith(passwordAuth({ users: {} }));
  expect(await login()).toBe(0x87);
  expect(await login('alice')).toBe(0x87);
  broker.use({ name: 'everybody', hooks: { authenticate: () => true } });
  expect(await login()).toBe(0x00);
});

describe('hashing takes turns', () => {
  test('so many at a time, so many wait, and the next is told that the server is busy', async () => {
    const narrow = { users: {}, cost, maximumParallel: 2, maximumWaiting: 3 };
    const { settings } = settlePasswordOptions(narrow);
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    const hash: HashFunction = async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running--;
      return false;
    };
    const login = new Login(new FixedUsers([], cost), settings, never, hash);
    const ask = () => login.authenticate({ username: 'a', password: Buffer.from('x') }, context);
    const accepted = Array.from({ length: 5 }, ask);
    expect(await ask()).toEqual({ allow: false, reasonCode: 0x89 });
    const all = Promise.all(accepted);
    for (let opened = 0; opened < 5; ) {
      const gate = gates.shift();
      if (gate !== undefined) {
        gate();
        opened++;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await all).toEqual(Array(5).fill({ allow: false, reasonCode: 0x86 }));
    expect(most).toBe(2);
  });
});
