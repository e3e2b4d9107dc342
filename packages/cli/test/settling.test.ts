import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Authority } from '@carillon/test-certificates';
import { Laboratory, PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { settleConfiguration } from '../src/effective-configuration.ts';
import { readFlags } from '../src/flags.ts';
import { printConfiguration } from '../src/print-configuration.ts';
import { folderWith } from './temporary-folder.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

function settle(...args: string[]) {
  return Promise.resolve().then(() => settleConfiguration(readFlags(args)));
}

/** Settles with a file of this content; the name of the file is `FILE` in what is thrown. */
async function settleFile(content: object | string, ...args: string[]) {
  const file = join(folderWith({ 'carillon.json': content }), 'carillon.json');
  try {
    return await settle('--config', file, ...args);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(error.message.replaceAll(file, 'FILE'), { cause: error });
  }
}

describe('flags that cannot be are refused with exit code 2', () => {
  test.each([
    [['--port'], '--port needs a value'],
    [['--host', '--port', '1'], '--host needs a value'],
    [['--port', 'mqtt'], "--port is 'mqtt': give a whole number from 0 to 65535"],
    [['--port=65536'], "--port is '65536': give a whole number from 0 to 65535"],
    [['--max-packet-size', '3'], "--max-packet-size is '3': give a whole number from 64 to 268435460"],
    [['--memory=yes'], "--memory takes no value, and was given 'yes'"],
    [['1884'], "'1884' is not an option; see carillon --help"],
    [['--log-level', 'loud'], "--log-level is 'loud': give debug, info, warn, error, silent"],
    [['--tls-port', '8883'], '--tls-port needs --tls-cert FILE and --tls-key FILE, both in PEM'],
    [['--tls-cert', 'x'], '--tls-cert, --tls-key and --tls-ca need --tls-port or --wss-port'],
    [['--ws-path', '/mqtt'], '--ws-path needs --ws-port or --wss-port'],
    [['--durability', 'memory'], "--durability is 'memory': give synced, written"],
    [
      ['--memory', '--data', 'd'],
      '--memory keeps nothing, and --data says where to keep it: leave one of them out',
    ],
    [
      ['--memory', '--durability', 'synced'],
      '--memory keeps nothing, so there is no --durability: leave one of them out',
    ],
  ])('%j', async (args, message) => {
    await expect(settle(...args)).rejects.toMatchObject({ exitCode: 2, message });
  });
});

describe('a file that cannot be is refused with the key, the value and what would be right', () => {
  test.each<[object | string, string]>([
    ['{ "listeners": [],\n  "broker": {} ', 'FILE is not JSON: '],
    [{ listners: [] }, 'FILE: listners (a list) is not an option: did you mean listeners?'],
    [{ listeners: { port: 1 } }, 'FILE: listeners is an object: give a list'],
    [{ listeners: [{ prt: 1 }] }, 'FILE: listeners[0].prt (1) is not an option: did you mean port or path?'],
    [
      { listeners: [{ port: '1883' }] },
      "FILE: listeners[0].port is '1883': give a whole number from 0 to 65535",
    ],
    [
      { listeners: [{ port: 1, websocket: { pth: '/' } }] },
      'FILE: listeners[0].websocket.pth ("/") is not an option: did you mean path?',
    ],
    [
      { listeners: [{ port: 1, tls: { certFile: 'none.pem', keyFile: 'none.key' } }] },
      'FILE: listeners[0].tls.certFile is "none.pem", which cannot be read: ENOENT',
    ],
    [
      { listeners: [{ port: 1, tls: {} }] },
      'FILE: listeners[0].tls.certFile is missing: give the name of a PEM file',
    ],
    [
      { listeners: [{ port: 1, tls: { cert: 'a', certFile: 'a' } }] },
      'FILE: listeners[0].tls has both cert and certFile: leave one of them out',
    ],
    [
      { listeners: [{ path: 's', mode: '9' }] },
      'FILE: listeners[0].mode is "9": give permissions in octal digits',
    ],
    [{ broker: { maximumQos: 1 } }, 'FILE: broker.maximumQos (1) is not an option: did you mean maximumQoS?'],
    [{ broker: { maximumQoS: 3 } }, 'FILE: in broker, option maximumQoS is 3; it has to be one of 2, 1, 0'],
    [
      { broker: { persistence: 'level' } },
      'FILE: broker.persistence is "level": give a store, from a module',
    ],
    [{ plugins: ['auth'] }, 'FILE: plugins[0] is "auth": give a plugin, from a module: JSON cannot have one'],
    [{ allowAnonymous: 'yes' }, 'FILE: allowAnonymous is "yes": give true or false'],
    [{ logLevel: 'loud' }, 'FILE: logLevel is "loud": give debug, info, warn, error, silent'],
    [{ closeWithin: -1 }, 'FILE: closeWithin is -1: give milliseconds from 0 to 3600000'],
    [{ data: '' }, 'FILE: data is "": give the name of a folder'],
    [{ memory: 1 }, 'FILE: memory is 1: give true or false'],
    [{ durability: 'memory' }, 'FILE: durability is "memory": give "synced" or "written"'],
    ['[]', 'FILE: the configuration is a list: give an object'],
  ])('%j', async (content, message) => {
    await expect(settleFile(content)).rejects.toThrow(message);
    await expect(settleFile(content)).rejects.toHaveProperty('cause.exitCode', 1);
  });

  test('a mistake in JSON is told by line and column where Node tells the place', async () => {
    const content = '{\n  "listeners": [\n    { "port": 1883 } { }\n  ]\n}';
    await expect(settleFile(content)).rejects.toThrow(/FILE is not JSON: .*\(line 3, column 22\)/);
  });

  test('a file that is not there is told', async () => {
    await expect(settle('--config', 'nowhere.json')).rejects.toThrow(
      '--config nowhere.json cannot be read: ENOENT',
    );
  });
});

describe('without authentication', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1', 'mqtt.example'])('%s is refused', async (host) => {
    await expect(settle('--host', host)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`--host is '${host}', which other machines can reach`),
    });
  });

  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('%s is listened on', async (host) => {
    const { listeners } = await settle('--host', host);
    expect(listeners).toMatchObject([{ options: { host, port: 1883 } }]);
  });

  test('a file is held to the same rule, and may lift it', async () => {
    const listeners = [{ port: 1883, host: '0.0.0.0' }];
    await expect(settleFile({ listeners })).rejects.toThrow(
      "FILE: listeners[0].host is '0.0.0.0', which other",
    );
    const lifted = await settleFile({ listeners, allowAnonymous: true });
    expect(lifted.listeners).toMatchObject([{ options: { host: '0.0.0.0' } }]);
  });

  test('a listener without a host is on this machine alone', async () => {
    const { listeners } = await settleFile({ listeners: [{ port: 1883 }] });
    expect(listeners).toMatchObject([{ options: { host: '127.0.0.1' } }]);
  });

  test('a listener that demands client certificates knows who comes', async () => {
    const { cert, key } = await (await Authority.create()).server('localhost');
    const folder = folderWith({ 'server.pem': cert, 'server.key': key });
    const files = ['--tls-cert', `${folder}/server.pem`, '--tls-key', `${folder}/server.key`];
    const args = ['--host', '0.0.0.0', '--tls-port', '8883', ...files];
    await expect(settle(...args)).rejects.toThrow('which other machines can reach');
    const { listeners } = await settle(...args, '--tls-ca', `${folder}/server.pem`);
    expect(listeners).toMatchObject([{ options: { port: 8883, tls: { requestCert: true, ca: cert } } }]);
  });
});

test('what is asked for is listened on, and nothing else', async () => {
  const { listeners } = await settle('--ws-port', '8080', '--ws-path', '/mqtt');
  expect(listeners.map(({ options }) => options)).toEqual([
    { port: 8080, host: '127.0.0.1', websocket: { path: '/mqtt' } },
  ]);
});

test('--host alone cannot be meant for the listeners of a file', async () => {
  const settled = settleFile({ listeners: [{ port: 1 }] }, '--host', '127.0.0.1');
  await expect(settled).rejects.toThrow('add --port, or leave --host out');
});

test('relative certificate files start from the folder of the file, and secrets are not printed', async () => {
  const { cert, key } = await (await Authority.create()).server('localhost');
  const tls = { certFile: 'server.pem', keyFile: 'server.key', passphrase: 'open sesame' };
  const inline = { cert, key };
  const folder = folderWith({
    'server.pem': cert,
    'server.key': key,
    'carillon.json': {
      listeners: [
        { port: 1, tls },
        { port: 2, tls: inline },
      ],
    },
  });
  const configuration = await settle('--config', join(folder, 'carillon.json'));
  expect(configuration.listeners[0]?.options).toMatchObject({ tls: { cert, key } });
  const printed = printConfiguration(configuration);
  expect(printed).not.toContain('open sesame');
  expect(printed).not.toContain('BEGIN');
  expect(JSON.parse(printed).listeners).toEqual([
    {
      port: 1,
      host: '127.0.0.1',
      tls: { certFile: 'server.pem', keyFile: 'server.key', passphrase: '(hidden)' },
    },
    { port: 2, host: '127.0.0.1', tls: { cert: '(PEM)', key: '(hidden)' } },
  ]);
});

test('a certificate that is none is told by its flag', async () => {
  const folder = folderWith({ 'server.pem': 'no certificate', 'server.key': 'no key' });
  const files = ['--tls-cert', `${folder}/server.pem`, '--tls-key', `${folder}/server.key`];
  await expect(settle('--tls-port', '8883', ...files)).rejects.toMatchObject({ exitCode: 2 });
});

test('the module of the README lets nobody in without its password', async () => {
  vi.stubEnv('MQTT_PASSWORD', 'ding dong');
  const file = fileURLToPath(new URL('fixtures/readme.config.js', import.meta.url));
  const { plugins, broker: options, listeners } = await settle('--config', file, '--memory');
  expect(listeners).toMatchObject([{ options: { host: '0.0.0.0' } }, { options: { host: '0.0.0.0' } }]);

  const laboratory = new Laboratory();
  const broker = createBroker({ ...options, ...laboratory.platform });
  for (const plugin of plugins) broker.use(plugin);
  const reasonCodeFor = async (password: string | undefined): Promise<number> => {
    const client = PacketClient.connect(broker, { laboratory });
    const said = password === undefined ? {} : { password: Buffer.from(password) };
    return (await client.connectPacket(said)).reasonCode;
  };
  expect(await reasonCodeFor(undefined)).toBe(0x87);
  expect(await reasonCodeFor('guess')).toBe(0x87);
  expect(await reasonCodeFor('ding dong')).toBe(0x00);
  const closing = broker.close();
  await laboratory.settle();
  await closing;
});
