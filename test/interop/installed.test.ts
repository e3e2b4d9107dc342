import { expect, test } from 'vitest';
import { adviceFor, isInstalled, type Tool, verdictOn } from './installed.ts';

const absent: Tool = {
  name: 'mosquitto_sub',
  debianPackage: 'mosquitto-clients',
  probe: ['/nonexistent/mosquitto_sub', '--help'],
};
const failing: Tool = {
  name: 'no module',
  debianPackage: 'python3-none',
  probe: [process.execPath, '-e', 'throw 1'],
};
const present: Tool = { name: 'node', debianPackage: 'nodejs', probe: [process.execPath, '--version'] };

test('a program that is not there, or does not work, is not installed', () => {
  expect([absent, failing, present].map(isInstalled)).toEqual([false, false, true]);
});

test('continuous integration fails without a client; a developer goes on without it', () => {
  expect(verdictOn([absent], { CI: 'true' })).toBe('fail');
  expect(verdictOn([absent], { CI: '1' })).toBe('fail');
  expect(verdictOn([absent], {})).toBe('leave out');
  expect(verdictOn([absent], { CI: 'false' })).toBe('leave out');
  expect(verdictOn([], { CI: 'true' })).toBe('run');
});

test('the reader is told what to install, each package once', () => {
  const other = { ...absent, name: 'mosquitto_pub' };
  expect(adviceFor([other, absent])).toBe(
    'needs mosquitto_pub and mosquitto_sub: apt-get install mosquitto-clients',
  );
});
