import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PacketClient } from '@carillon/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { settleConfiguration } from '../src/effective-configuration.ts';
import { readFlags } from '../src/flags.ts';
import { CarillonProcess } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

async function client(port: number, clientId: string) {
  const made = await PacketClient.overSocket({ host: '127.0.0.1', port });
  onTestFinished(() => made.drop());
  const connack = await made.connectPacket({
    clientId,
    cleanStart: false,
    properties: { sessionExpiryInterval: 3600 },
  });
  return Object.assign(made, { sessionPresent: connack.sessionPresent });
}

test('what was acknowledged is there after kill -9, in ./carillon-data by default', async () => {
  const folder = folderWith({});
  const first = new CarillonProcess(['--port', '0'], folder);
  const [port = 0] = await first.ready();
  const sleeper = await client(port, 'sleeper');
  await sleeper.subscribe('rooms/#', { qos: 1 });
  await sleeper.disconnect();
  const publisher = await client(port, 'publisher');
  await publisher.publish('rooms/12', '20.5', { qos: 1, retain: true });
  first.signal('SIGKILL');
  await first.ended;
  expect(existsSync(join(folder, 'carillon-data', 'CURRENT'))).toBe(true);

  const second = new CarillonProcess(['--port', '0'], folder);
  const [again = 0] = await second.ready();
  const awake = await client(again, 'sleeper');
  expect(awake.sessionPresent).toBe(true);
  expect((await awake.receiveMessage()).text).toBe('20.5');
});

test('it says where it keeps everything, and what an acknowledgement promises', async () => {
  const synced = new CarillonProcess(['--port', '0']);
  await synced.ready();
  expect(synced.messages).toContain(
    'keeping sessions and messages in ./carillon-data (synced: what is acknowledged is flushed to the disk and survives a power cut)',
  );
  const written = new CarillonProcess(['--port', '0', '--data', 'elsewhere', '--durability', 'written']);
  await written.ready();
  expect(written.messages.join()).toContain('keeping sessions and messages in elsewhere (written: ');
});

test('--memory keeps nothing, makes no folder, and says so', async () => {
  const folder = folderWith({});
  const broker = new CarillonProcess(['--port', '0', '--memory'], folder);
  await broker.ready();
  expect(broker.messages.join()).toContain('nothing is kept when the broker stops');
  expect(existsSync(join(folder, 'carillon-data'))).toBe(false);
});

test('a folder that another process has is a clear message and exit code 1', async () => {
  const folder = folderWith({});
  const first = new CarillonProcess(['--port', '0'], folder);
  await first.ready();
  const second = await new CarillonProcess(['--port', '0'], folder).ended;
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(
    /^carillon: the store in \.\/carillon-data is in use by process \d+ on \S+ \(since \S+\); stop it, or give another folder with --data\n$/,
  );
  expect(second.stdout).not.toContain('listening');
});

test('--check says where data would be kept, and makes no folder', async () => {
  const folder = folderWith({});
  const { code, stdout } = await new CarillonProcess(['--check'], folder).ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    store: 'level',
    data: join(folder, 'carillon-data'),
    broker: { durability: 'synced' },
  });
  expect(existsSync(join(folder, 'carillon-data'))).toBe(false);
});

describe('where everything is kept', () => {
  async function settled(file: object | undefined, ...args: string[]) {
    if (file === undefined) return settleConfiguration(readFlags(args));
    const folder = folderWith({ 'carillon.json': file });
    const { store, broker } = await settleConfiguration(
      readFlags(['--config', join(folder, 'carillon.json'), ...args]),
    );
    if (store.kind !== 'folder') return { store, broker };
    return { store: { ...store, folder: store.folder.replace(folder, 'FOLDER') }, broker };
  }

  const inFolder = (folder: string, durability = 'synced') => ({ kind: 'folder', folder, durability });

  test.each<[object | undefined, string[], object]>([
    [undefined, [], inFolder('./carillon-data')],
    [undefined, ['--data', 'd', '--durability', 'written'], inFolder('d', 'written')],
    [{ data: 'd' }, [], inFolder('FOLDER/d')],
    [{ data: 'd', durability: 'written' }, [], inFolder('FOLDER/d', 'written')],
    [{ broker: { durability: 'written' } }, [], inFolder('./carillon-data', 'written')],
    [{ data: 'd', durability: 'written' }, ['--durability', 'synced'], inFolder('FOLDER/d')],
    [{ data: 'd' }, ['--memory'], { kind: 'memory' }],
    [{ memory: true }, [], { kind: 'memory' }],
    [{ memory: true }, ['--data', 'd'], inFolder('d')],
  ])('file %j and flags %j', async (file, flags, store) => {
    expect((await settled(file, ...flags)).store).toEqual(store);
  });

  test.each<[object, string]>([
    [{ memory: true, data: 'd' }, 'memory is true, and data is given: leave one of them out'],
    [
      { durability: 'synced', broker: { durability: 'written' } },
      'durability and broker.durability are the same',
    ],
    [{ broker: { durability: 'memory' } }, 'broker.durability is "memory", and a folder would keep nothing'],
  ])('%j is refused', async (file, message) => {
    await expect(settled(file)).rejects.toThrow(message);
  });

  test('the promise that is asked for is the one of the broker', async () => {
    expect((await settled(undefined, '--durability', 'written')).broker.durability).toBe('written');
    expect((await settled({ memory: true })).broker.durability).toBeUndefined();
  });
});
