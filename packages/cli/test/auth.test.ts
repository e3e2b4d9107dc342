import { join } from 'node:path';
import { PacketClient, recordingLogger } from '@carillon/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makePlugins } from '../src/auth/make-plugins.ts';
import { settleConfiguration } from '../src/effective-configuration.ts';
import { readFlags } from '../src/flags.ts';
import { CarillonProcess, carillon } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

/** `tick-tock`, hashed by mosquitto_passwd 2.0.11. */
const alice =
  'alice:$7$101$9MfKJbT/wFoispLa$t1WGsR5BbdYIHHXo8fwcvsKv4KAX6twM4NP8yWxy4pSCUJgc2AdN+Kj8BRAxgB0Ly4p4dj/vFtD87kUCZLlfBQ==\n';

async function settleFile(content: object, ...args: string[]) {
  const folder = folderWith({ 'carillon.json': content, 'users.txt': alice });
  const file = join(folder, 'carillon.json');
  try {
    return await settleConfiguration(readFlags(['--config', file, ...args]));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(error.message.replaceAll(file, 'FILE'), { cause: error });
  }
}

describe('a mistake in auth is told with the key, the value and what would be right', () => {
  test.each<[unknown, string]>([
    [[], 'FILE: auth is a list: give an object'],
    [{ pasword: {} }, 'FILE: auth.pasword (an object) is not an option: did you mean password?'],
    [{ password: 'users.txt' }, 'FILE: auth.password is "users.txt": give an object'],
    [{ password: { fil: 'x' } }, 'FILE: auth.password.fil ("x") is not an option: did you mean file?'],
    [{ password: { file: 7 } }, 'FILE: auth.password.file is 7: give the name of a file'],
    [{ password: {} }, 'FILE: auth.password.file is missing: give the name of a file of users'],
    [
      { password: { file: 'x', maximumParallel: 0 } },
      'FILE: auth.password.maximumParallel is 0: give a whole number from 1 to 128',
    ],
    [{ guard: { flapping: true } }, 'FILE: auth.guard.flapping is true: give an object'],
    [{ guard: { rates: { bytes: {} } } }, 'FILE: auth.guard.rates.bytes.perSecond is missing: give how much'],
    [{ certificate: { identity: 'cn' } }, 'FILE: auth.certificate.identity is "cn": give CN, subject, dns'],
    [
      { certificate: { revocation: { file: 'x' } } },
      'FILE: auth.certificate.revocation.authoritiesFile is missing: give the name of a file with the certificates',
    ],
  ])('%j', async (auth, message) => {
    await expect(settleFile({ auth })).rejects.toThrow(message);
  });

  test('and a file that cannot be read is told by --check too', async () => {
    const { auth, plugins } = await settleFile({ auth: { password: { file: 'nobody.txt' } } });
    await expect(makePlugins(auth, plugins, recordingLogger())).rejects.toThrow(
      /auth\.password: .*nobody\.txt cannot be read: ENOENT/,
    );
  });
});

test('rules are an entry and a flag, and a broken file is told by --check too', async () => {
  const good = await settleFile({ auth: { password: { file: 'users.txt' } } }, '--acl-file', 'package.json');
  expect(good.auth.map(({ key }) => key)).toEqual(['password', 'acl']);
  await expect(makePlugins(good.auth, good.plugins, recordingLogger())).rejects.toThrow(
    /auth\.acl: .*package\.json, line 1, column 1: "{" begins no rule; write allow or deny/,
  );
  const both = await settleFile({ auth: { acl: { file: 'users.txt', mosquittoFile: 'users.txt' } } });
  await expect(makePlugins(both.auth, both.plugins, recordingLogger())).rejects.toThrow(
    'auth.acl: give exactly one of rules, file and mosquittoFile',
  );
});

test('certificates are an entry, and their revocation lists are read by --check too', async () => {
  const revocation = { file: 'users.txt', authoritiesFile: 'carillon.json' };
  const good = await settleFile({ auth: { certificate: { identity: 'dns', required: true } } });
  const [plugin] = await makePlugins(good.auth, good.plugins, recordingLogger());
  expect(plugin?.name).toBe('auth-certificate');
  const bad = await settleFile({ auth: { certificate: { revocation } } });
  await expect(makePlugins(bad.auth, bad.plugins, recordingLogger())).rejects.toThrow(
    /auth\.certificate: The authorities in .*carillon\.json cannot be used/,
  );
});

test('a guard is an entry, goes before all others, and lets nobody in by itself', async () => {
  const guard = {
    bans: [{ address: '192.0.2.0/24' }],
    backOff: false,
    rates: { messages: { perSecond: 5 } },
  };
  const settled = await settleFile({ auth: { password: { file: 'users.txt' }, guard } });
  const plugins = await makePlugins(settled.auth, settled.plugins, recordingLogger());
  expect(plugins.map(({ name }) => name)).toEqual(['auth-guard', 'auth-password']);
  const listeners = [{ port: 1883, host: '0.0.0.0' }];
  await expect(settleFile({ listeners, auth: { guard } })).rejects.toThrow('nobody is asked who he is');
  const wrong = await settleFile({ auth: { guard: { bans: [{ address: '192.0.2' }] } } });
  await expect(makePlugins(wrong.auth, wrong.plugins, recordingLogger())).rejects.toThrow(
    'auth.guard: address is "192.0.2"; it must be an IP address, or a range',
  );
});

test('who asks for passwords may listen beyond this machine, by file or by flag', async () => {
  const listeners = [{ port: 1883, host: '0.0.0.0' }];
  await expect(settleFile({ listeners })).rejects.toThrow('nobody is asked who he is');
  const byFile = await settleFile({ listeners, auth: { password: { file: 'users.txt' } } });
  expect(byFile.isAsked).toBe(true);
  const byFlag = await settleFile({ listeners }, '--password-file', 'users.txt');
  expect(byFlag.auth).toMatchObject([{ key: 'password' }]);
});

test('a flag goes before the file, option by option', async () => {
  const auth = { password: { file: 'of-the-file.txt', maximumParallel: 1 } };
  const settled = await settleFile({ auth }, '--password-file', '/flag.txt');
  expect(settled.auth.map(({ shown }) => shown)).toEqual([{ file: '/flag.txt', maximumParallel: 1 }]);
});

test('--check shows it, and reads the file', async () => {
  const folder = folderWith({
    'users.txt': alice,
    'carillon.json': { auth: { password: { file: 'users.txt' } } },
  });
  const checked = await carillon('--config', join(folder, 'carillon.json'), '--check');
  expect(JSON.parse(checked.stdout)).toMatchObject({
    auth: { password: { file: join(folder, 'users.txt') } },
  });
  const broken = folderWith({ 'users.txt': `${alice}bob\n` });
  const refused = await carillon('--password-file', join(broken, 'users.txt'), '--check');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('line 2, has no colon') });
});

test('SCRAM asks the users of a file, and its secret is not shown', async () => {
  const settled = await settleFile({
    auth: { scram: { file: 'users.txt', secret: 'a secret of many bytes' }, password: { file: 'users.txt' } },
  });
  const plugins = await makePlugins(settled.auth, settled.plugins, recordingLogger());
  expect(plugins.map(({ name }) => name)).toEqual(['auth-scram', 'auth-password']);
  expect(settled.auth[0]?.shown).toEqual({ file: expect.any(String), secret: '(hidden)' });
  await expect(settleFile({ auth: { scram: { file: 'x', methods: ['SCRAM-SHA-1'] } } })).rejects.toThrow(
    'auth.scram.methods[0] is "SCRAM-SHA-1": give SCRAM-SHA-256, SCRAM-SHA-512',
  );
});

test('a file of Mosquitto says who may connect', async () => {
  const folder = folderWith({ 'users.txt': alice });
  const broker = new CarillonProcess(['--port', '0', '--memory', '--password-file', 'users.txt'], folder);
  const [port = 0] = await broker.ready();
  const reasonCodeFor = async (password: string) => {
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port });
    onTestFinished(() => client.drop());
    const said = { username: 'alice', password: Buffer.from(password) };
    return (await client.connectPacket(said)).reasonCode;
  };
  expect(await reasonCodeFor('tick-tock')).toBe(0x00);
  expect(await reasonCodeFor('tock-tick')).toBe(0x86);
  expect(broker.messages.join()).not.toContain('no authentication');
});
