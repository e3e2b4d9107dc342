import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const log = fileURLToPath(new URL('../dist/log.js', import.meta.url));

/** What a process with such a log writes to its standard output. */
async function written(onTerminal: boolean): Promise<string> {
  const script = `
    import { createLog } from ${JSON.stringify(log)};
    const log = await createLog('info', ${onTerminal});
    log.debug('not this');
    log.info({ listener: 'tcp://127.0.0.1:1883' }, 'listening');
    log.warn({ plugin: 'friends' }, 'a hook failed');
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return stdout;
}

test('on a terminal the log is for reading, without fields that the words repeat', async () => {
  const [first = '', second, third] = (await written(true)).split('\n');
  expect(first).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: listening$/);
  expect(second).toMatch(/WARN: a hook failed$/);
  expect(third).toBe('    plugin: "friends"');
});

test('everywhere else it is lines of JSON', async () => {
  const [first = ''] = (await written(false)).split('\n');
  expect(JSON.parse(first)).toMatchObject({ level: 30, msg: 'listening', listener: 'tcp://127.0.0.1:1883' });
});
