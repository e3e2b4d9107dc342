import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { passwordAuth } from '@carillon/auth-password';
import { describe, expect, test } from 'vitest';
import { isPasswordOf } from '../src/hash-functions.ts';
import { parseHash } from '../src/stored-hash.ts';
import { brokerWith } from './login-at.ts';
import { fileWith } from './places.ts';

function fits(password: string, hash: string): Promise<boolean> {
  return isPasswordOf(Buffer.from(password), parseHash(hash));
}

describe('published hashes are read', () => {
  test('scrypt, of RFC 7914, section 12', async () => {
    const salt = Buffer.from('SodiumChloride').toString('base64').replaceAll('=', '');
    const hash = Buffer.from(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
      'hex',
    );
    const text = `$scrypt$ln=14,r=8,p=1$${salt}$${hash.toString('base64').replaceAll('=', '')}`;
    expect(await fits('pleaseletmein', text)).toBe(true);
    expect(await fits('pleaseletmeout', text)).toBe(false);
  });

  test('Argon2id, of the reference implementation', async () => {
    const text = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await fits('password', text)).toBe(true);
    expect(await fits('passw0rd', text)).toBe(false);
  });

  test.each([
    [
      '$6$UIAJaMQONQjhMWPl$CFqsgzK4n56hz36PRJ7PJSAfSvl8L+D9eYUK6ESDaHdKXZ5KdYgrYmc6CMYTC/MOmvIKpzNtlW8zxzfV5I7ROA==',
      'old',
    ],
    [
      '$7$101$QERhCjGw3/UcyZta$bj9erR0DEswDbyvCdCqbESg29xt80Dsn5sAkSrzILsTYEnbI/Fje7EbIFb4nLUFUwCfGeMPgGIC3pST7OrLGXg==',
      'tick tock',
    ],
  ])('Mosquitto 2.0.11: %s', async (hash, password) => {
    expect(await fits(password, hash)).toBe(true);
    expect(await fits(`${password}!`, hash)).toBe(false);
  });
});

const hasMosquitto = spawnSync('mosquitto_passwd', ['--help']).error === undefined;

test.runIf(hasMosquitto)('a file that mosquitto_passwd has just written is read as it is', async () => {
  const file = fileWith('');
  const add = (...args: string[]) =>
    execFileSync('mosquitto_passwd', [...args.slice(0, -2), file, ...args.slice(-2)]);
  add('-b', 'alice', 'tick-tock');
  add('-b', 'böb', 'ding däng');
  add('-H', 'sha512', '-b', 'carol', 'of old');
  expect(readFileSync(file, 'utf8')).toMatch(/^carol:\$6\$/m);
  const { login } = brokerWith(passwordAuth({ file }));
  expect(await login('alice', 'tick-tock')).toBe(0x00);
  expect(await login('böb', 'ding däng')).toBe(0x00);
  expect(await login('carol', 'of old')).toBe(0x00);
  expect(await login('carol', 'tick-tock')).toBe(0x86);
});

describe('a line that cannot be read is told by its number, without what is in it', () => {
  const hash =
    '$7$101$QERhCjGw3/UcyZta$bj9erR0DEswDbyvCdCqbESg29xt80Dsn5sAkSrzILsTYEnbI/Fje7EbIFb4nLUFUwCfGeMPgGIC3pST7OrLGXg==';
  test.each<[string | Uint8Array, string]>([
    ['secret', 'line 1, has no colon: a line is name:hash'],
    [`\n# comment\nalice:${hash}\nbob:secret\n`, 'line 4, has a hash that is in no known form'],
    [`alice:${hash}\nalice:${hash}`, 'line 2, is the second with a password for its user'],
    [`:${hash}`, 'line 1, has a user name that is empty'],
    [`a\u0007:${hash}`, 'line 1, has a user name that has a control character'],
    [Buffer.from([0x61, 0x3a, 0xff, 0xfe]), 'line 1, is not in UTF-8'],
    ['alice:', 'line 1, has a hash that is in no known form'],
    ['alice:$6$secret', 'line 1, has a hash that is no $6$salt$hash'],
    ['alice:$6$c2VjcmV0$c2VjcmV0', 'line 1, has a hash that has 6 bytes, which is not its length'],
    ['alice:$6$*secret*$c2VjcmV0', 'line 1, has a hash that is not in Base64'],
    ['alice:$7$0$c2VjcmV0$c2VjcmV0', 'line 1, has a hash that has a number of iterations that is not from 1'],
    ['alice:$7$4294967296$c2VjcmV0$c2VjcmV0', 'a number of iterations that is not from 1'],
    [
      'alice:$scrypt$ln=31,r=8,p=1$c2VjcmV0$c2VjcmV0',
      'line 1, has a hash that takes more than 1 GiB of memory',
    ],
    ['alice:$scrypt$ln=20,r=8,p=99$c2VjcmV0$c2VjcmV0', 'takes more work than a login can wait for'],
    ['alice:$scrypt$ln=0,r=8,p=1$c2VjcmV0$c2VjcmV0', 'has a cost that scrypt does not know'],
    ['alice:$argon2id$v=19$m=4194304,t=2,p=1$c2VjcmV0$c2VjcmV0', 'takes more work than a login can wait for'],
    ['alice:$argon2id$v=19$m=64,t=0,p=1$c2VjcmV0$c2VjcmV0', 'has a cost that Argon2 does not know'],
    ['alice:$argon2i$v=19$m=64,t=1,p=1$c2VjcmV0$c2VjcmV0', 'has a hash that is in no known form'],
    [
      'alice:SCRAM-SHA-256$secret',
      'line 1, has a hash that is no SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey',
    ],
    [
      'alice:SCRAM-SHA-256$4096:c2VjcmV0$c2VjcmV0:c2VjcmV0',
      'has a hash that has keys that are not of 32 bytes',
    ],
  ])('%s', (content, message) => {
    const file = fileWith(content);
    const error = thrownBy(() => passwordAuth({ file }));
    expect(error).toMatchObject({ name: 'PasswordFileError', code: 'PASSWORD_FILE_INVALID', path: file });
    expect(error.message).toContain(message);
    expect(error.message).not.toMatch(/c2VjcmV0|secret|QERhCjGw3/);
  });

  test('and so is a file that is not there, no file, or too large', () => {
    expect(thrownBy(() => passwordAuth({ file: '/nowhere/users.txt' })).message).toContain(
      'cannot be read: ENOENT',
    );
    expect(thrownBy(() => passwordAuth({ file: '/' })).message).toBe('/ is no file');
    const file = fileWith('#'.repeat(100));
    expect(thrownBy(() => passwordAuth({ file, maximumFileSize: 99 })).message).toContain(
      'has 100 bytes; 99 are allowed',
    );
  });
});

describe('an option that cannot be is refused where it is given', () => {
  const users = {};
  test.each<[() => unknown, string]>([
    [
      () => passwordAuth({ users, maximumParallel: 0 }),
      'passwordAuth: maximumParallel is the number 0; it must be a whole number',
    ],
    [() => passwordAuth({ users, maximumWaiting: 1.5 }), 'maximumWaiting is the number 1.5'],
    [() => withOptions({}), 'give exactly one of file, users and find'],
    [() => withOptions({ users, file: 'users.txt' }), 'give exactly one of file, users and find'],
    [() => withOptions({ users, scramOnly: true }), 'scramOnly goes with file only'],
    [() => withOptions({ users, unknownUser: 'pass' }), 'there is no unknownUser; there are file,'],
    [() => withOptions({ users, cost: { N: 32_768 } }), 'cost.r is undefined; it must be a whole number'],
    [() => withOptions({ users: 'secret' }), 'users is a string; it must be an object or a Map'],
    [() => withOptions({ find: 'secret' }), 'find is a string; it must be a function'],
    [() => withOptions(undefined), 'options is undefined; it must be an object'],
    [() => passwordAuth({ users, cost: { N: 1000, r: 8, p: 1 } }), 'has a cost that scrypt does not know'],
    [() => passwordAuth({ users: { alice: 'secret' } }), 'the hash of user "alice" is in no known form'],
  ])('%s', (make, message) => {
    const error = thrownBy(make);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('secret');
  });
});

/** As a program without types may call it. */
function withOptions(options: unknown): unknown {
  return Reflect.apply(passwordAuth, undefined, [options]);
}

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it threw nothing');
}
