import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { httpBridge } from '@carillon/bridge-http';
import { createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../architecture/workspace.ts';
import { blocksOf, guides, readmes } from './pages.ts';

/*
 * The commands that the pages show. Those of the broker are run with the built command and free ports, those of
 * mosquitto's clients and of curl against a broker of this test.
 */

const commands = [
  ...new Set(
    [...guides, ...readmes]
      .flatMap(blocksOf)
      .filter(({ language }) => ['sh', 'bash', 'shell'].includes(language))
      .flatMap(({ code }) => code.split('\n'))
      .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
      .filter((line) => line !== ''),
  ),
];

const broker = /^(?:npm start(?: --)?|npx carillon|npx @carillon\/cli|carillon)(?=\s|$)/;
const mosquitto = /^mosquitto_(?:pub|sub) /;
const curl = /^curl .*localhost:3000\/mqtt\//;

/** Commands that no test runs, and why. */
const notRun: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^npm test( -- \S+)?$/, 'it is what runs this test'],
  [/^(pnpm add|npm install) /, 'it fetches what is published, not what stands here'],
  [
    /^carillon store copy \.\/aedes-data /,
    'it needs what Aedes wrote; packages/cli/test has the real Aedes write it',
  ],
  [/^carillon password /, 'it asks for a password; packages/cli/test types one'],
  [
    /^carillon .*--(tls-cert|config|password-file) /,
    'it needs files; packages/cli/test starts the command with such',
  ],
  [/^pnpm bench(:micro)?( |$)/, 'it measures'],
  [/^node --expose-gc packages\/\w+\/bench\//, 'it measures'],
];

test('every command on a page is run here, or a reason is given', () => {
  const known = [broker, mosquitto, curl, ...notRun.map(([pattern]) => pattern)];
  expect(commands.filter((command) => !known.some((pattern) => pattern.test(command)))).toEqual([]);
  expect(commands.length).toBeGreaterThan(5);
});

const ofTheBroker = commands.filter(
  (command) => broker.test(command) && !notRun.some(([pattern]) => pattern.test(command)),
);

const ofStores = ofTheBroker.filter((command) => command.startsWith('carillon store '));

test.each(ofStores)('`%s` does what the page says', async (command) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'backup.ndjson'), '{"carillonStore":1}\n');
  expect(await carillon(folder, 'store', 'import', 'backup.ndjson', 'carillon-data')).toBe(0);
  if (command.includes('store export')) rmSync(join(folder, 'backup.ndjson'));
  expect(await carillon(folder, ...words(command).slice(1))).toBe(0);
});

async function carillon(cwd: string, ...args: string[]): Promise<unknown> {
  const built = join(root, 'packages/cli/bin/carillon.js');
  const child = spawn(process.execPath, [built, ...args], { stdio: ['ignore', 'ignore', 'inherit'], cwd });
  return new Promise((resolve) => child.once('exit', resolve));
}

test.each(ofTheBroker.filter((command) => !ofStores.includes(command)))(
  '`%s` does what the page says',
  async (command) => {
    const args = words(command.replace(broker, ''));
    const built = join(root, 'packages/cli/bin/carillon.js');
    if (!existsSync(join(root, 'packages/cli/dist/main.js')))
      throw new Error('this test runs the build: `pnpm build`');
    const isQuestion = args.includes('--help') || args.includes('--check');
    const child = spawn(process.execPath, [built, ...withFreePorts(args)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // What it keeps goes with the test.
      cwd: temporaryFolder(),
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exit = new Promise((resolve) => child.once('exit', resolve));
    for await (const line of createInterface(child.stdout)) {
      if (!isQuestion && line.includes('is ready')) child.kill('SIGTERM');
    }
    expect(await exit).toBe(0);
  },
);

const clients = commands.filter((command) => mosquitto.test(command));

function isOnPath(program: string): boolean {
  const { PATH = '' } = process.env;
  return PATH.split(':').some((folder) => existsSync(join(folder, program)));
}

test.runIf(isOnPath('mosquitto_pub')).each(clients)('`%s` works', async (command) => {
  await using carillon = createBroker();
  const { port } = (await carillon.listen({ port: 0, host: '127.0.0.1' })).address;
  await carillon.publish('rooms/12/temperature', '19', { retain: true });
  const [program = '', ...args] = words(command);
  // Who subscribes would go on for ever.
  const once = program === 'mosquitto_sub' && !args.includes('-C') ? ['-C', '1'] : [];
  const child = spawn(program, [...args, '-h', '127.0.0.1', '-p', String(port), ...once], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = new Promise((resolve) => child.once('exit', resolve));
  let printed = '';
  for await (const chunk of child.stdout) printed += chunk;
  expect(await exit).toBe(0);
  expect(printed !== '').toBe(program === 'mosquitto_sub');
});

test.runIf(isOnPath('curl')).each(commands.filter((command) => curl.test(command)))(
  '`%s` is answered',
  async (command) => {
    await using carillon = createBroker();
    const bridge = httpBridge({ path: '/mqtt' });
    carillon.use(bridge);
    for (const topic of ['site/7/temperature', 'site/7/mode'])
      await carillon.publish(topic, '19', { retain: true });
    const server = createServer(bridge.handler);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const [program = '', ...args] = words(command.replace('localhost:3000', `127.0.0.1:${port}`));
    const child = spawn(program, ['-sS', '--fail', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exit = new Promise((resolve) => child.once('exit', resolve));
    let printed = '';
    for await (const chunk of child.stdout) {
      printed += chunk;
      // A stream would go on for ever.
      if (printed.includes('event: ready')) child.kill('SIGTERM');
    }
    expect(await exit).toBe(args.includes('-N') ? null : 0);
    expect(printed === '').toBe(args.includes('DELETE'));
  },
);

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** What no flag says is said here: port 1883 may be taken. */
function withFreePorts(args: readonly string[]): string[] {
  const free = args.map((word, index) => (args[index - 1]?.endsWith('port') === true ? '0' : word));
  return free.some((word) => word.endsWith('port')) ? free : [...free, '--port', '0'];
}

/** The words of a command line in which only simple quotes are used. */
function words(command: string): string[] {
  return Array.from(command.matchAll(/'([^']*)'|(\S+)/g), ({ 1: quoted, 2: plain = '' }) => quoted ?? plain);
}

test('a command line is taken apart as a shell would', () => {
  expect(words("mosquitto_sub -t '$SYS/#' -v")).toEqual(['mosquitto_sub', '-t', '$SYS/#', '-v']);
  expect(withFreePorts(['--port', '1884', '--memory'])).toEqual(['--port', '0', '--memory']);
  expect(withFreePorts(['--memory'])).toEqual(['--memory', '--port', '0']);
});
