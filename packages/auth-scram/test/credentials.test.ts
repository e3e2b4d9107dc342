import { scramCredentials } from '@carillon/auth-scram';
import { expect, test } from 'vitest';

const salt = Buffer.from('a salt of 16 b..');

test('what looks the same is the same password, by SASLprep', async () => {
  const of = (password: string) => scramCredentials('SCRAM-SHA-256', password, { salt, iterations: 4096 });
  // RFC 4013, section 3.
  expect(await of('I\u00adX')).toEqual(await of('IX'));
  expect(await of('\u2168')).toEqual(await of('IX'));
  expect(await of('\u00aa')).toEqual(await of('a'));
  expect(await of('USER')).not.toEqual(await of('user'));
});

test.each(['', '\u00ad', 'secret\u0007', '\u0627\u0031'])(
  '%j is no password, and is not shown',
  async (password) => {
    const error = await scramCredentials('SCRAM-SHA-256', password).catch((thrown: unknown) => thrown);
    const message = 'the password is nothing to SASLprep (RFC 4013), or has characters that it prohibits';
    expect(error).toMatchObject({ name: 'TypeError', message });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret');
  },
);

test('every password gets a salt of its own, and work enough', async () => {
  const [one, other] = await Promise.all([1, 2].map(() => scramCredentials('SCRAM-SHA-512', 'tick-tock')));
  expect(one?.salt).toHaveLength(16);
  expect(one?.salt).not.toEqual(other?.salt);
  expect(one?.iterations).toBe(15_000);
  expect(one?.storedKey).toHaveLength(64);
  await expect(scramCredentials('SCRAM-SHA-256', 'x', { iterations: 4095 })).rejects.toThrow(RangeError);
});
