import { version } from 'carillon';
import { expect, test } from 'vitest';
import { help } from '../src/help.ts';
import { carillon } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

test('--help prints the options and --version the version', async () => {
  expect(await carillon('--help')).toMatchObject({ code: 0, stdout: help, stderr: '' });
  expect(await carillon('-v')).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test('--check prints the effective configuration with every default, and starts nothing', async () => {
  const folder = folderWith({
    'carillon.json': { broker: { limits: { maximumInflight: 5 }, queueOverflow: 'drop-oldest' } },
  });
  const { code, stdout } = await carillon('--check', '--config', `${folder}/carillon.json`, '--memory');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    file: `${folder}/carillon.json`,
    listeners: [{ port: 1883, host: '127.0.0.1' }],
    broker: {
      limits: { maximumInflight: 5, receiveMaximum: 1024 },
      queueOverflow: 'drop-oldest',
      maximumQoS: 2,
    },
    store: 'memory',
    plugins: [],
    allowAnonymous: false,
    logLevel: 'info',
  });
});

test('--check of a configuration that cannot be exits with 1 and says why', async () => {
  const folder = folderWith({ 'carillon.json': { broker: { limits: { maximumInflght: 5 } } } });
  const { code, stdout, stderr } = await carillon('--check', '--config', `${folder}/carillon.json`);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toBe(
    `carillon: ${folder}/carillon.json: broker.limits.maximumInflght (5) is not an option: did you mean maximumInflight?\n`,
  );
});

test('a command line that cannot be exits with 2', async () => {
  expect(await carillon('--prot', '1883')).toMatchObject({
    code: 2,
    stderr: 'carillon: there is no option --prot: did you mean --port?\n',
  });
});
