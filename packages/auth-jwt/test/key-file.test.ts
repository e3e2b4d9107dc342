import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gate } from './gate.ts';
import { Issuer } from './issuer.ts';

const [one, two] = [new Issuer('ES256', 'one'), new Issuer('ES256', 'two')];

function gateWith(content: string) {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-jwt-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'keys');
  writeFileSync(file, content);
  const made = gate({ keys: { file, watchInterval: 1_000 }, algorithms: ['ES256'], requiredClaims: [] });
  // Tokens never end here: how much time passes while the disk is read is not known.
  const { laboratory } = made;
  const logged = (message: string): number =>
    laboratory.logger.records.filter((record) => record.message.includes(message)).length;
  return {
    ...made,
    file,
    warnings: () => logged('cannot be used: the keys read before stay in force'),
    /** Replaces the file as programs do that care, and waits until it was seen. */
    write: async (text: string) => {
      const before = laboratory.logger.records.length;
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
      // A look at the disk takes real time: the next one is due after it.
      while (laboratory.logger.records.length === before) await laboratory.advance(1_000);
    },
  };
}

const set = (...issuers: readonly Issuer[]): string =>
  JSON.stringify({ keys: issuers.map(({ jwk }) => jwk) });

test.each([
  ['PEM', one.pem],
  ['PEM with two keys', `# the old one\n${two.pem}\n${one.pem}`],
  ['a JWK', JSON.stringify(one.jwk)],
  ['a JWKS', set(two, one)],
])('keys are read from a file with %s', async (_, content) => {
  const { knock } = gateWith(content);
  expect(await knock(await one.token({ exp: undefined }))).toMatchObject({ reasonCode: 0 });
});

test('a file that has changed is read again', async () => {
  const { knock, write } = gateWith(set(one));
  await write(set(two));
  expect(await knock(await two.token({ exp: undefined }))).toMatchObject({ reasonCode: 0 });
  expect(await knock(await one.token({ exp: undefined }))).toMatchObject({ reasonCode: 0x87 });
});

test.each([
  ['broken', '{"keys": [', 'it begins like JSON and is none'],
  ['empty', '', 'it is neither PEM nor a JWK nor a JWKS'],
  ['with a private key', one.privatePem, 'it has a private key: only the public part belongs here'],
  ['with keys for something else', new Issuer('RS256').pem, 'is for none of the allowed algorithms (ES256)'],
  ['too large', 'x'.repeat(1_048_577), 'it has 1048577 bytes; 1048576 are allowed'],
])('while the file is %s the keys stay in force, and the log says so once', async (_, content, why) => {
  const { knock, write, laboratory, warnings } = gateWith(set(one));
  await write(content);
  expect(laboratory.logger.records.at(-1)?.details).toMatchObject({
    plugin: 'auth-jwt',
    why: expect.stringContaining(why),
  });
  expect(await knock(await one.token({ exp: undefined }))).toMatchObject({ reasonCode: 0 });
  await laboratory.advance(10_000);
  expect(warnings()).toBe(1);
  await write(set(two));
  expect(await knock(await two.token({ exp: undefined }))).toMatchObject({ reasonCode: 0 });
});

test('a file that is gone leaves its keys, and is read when it is back', async () => {
  const { knock, file, laboratory, write, warnings } = gateWith(set(one));
  rmSync(file);
  while (warnings() === 0) await laboratory.advance(1_000);
  expect(await knock(await one.token({ exp: undefined }))).toMatchObject({ reasonCode: 0 });
  await write(set(two));
  expect(await knock(await two.token({ exp: undefined }))).toMatchObject({ reasonCode: 0 });
});
