import { readFileSync } from 'node:fs';
import { Laboratory, PacketClient } from '@carillon/testkit';
import { type CarillonBroker, createBroker } from 'carillon';
import { beforeAll, expect, test } from 'vitest';
import { hashPassword, type UserTable, userTable } from './auth-plugin.ts';

// A hash is computed by a thread, outside the laboratory: it may take real time.
const laboratory = new Laboratory({ patience: 10_000 });
let broker: CarillonBroker;

beforeAll(async () => {
  const salt = Buffer.from('not random, but a test');
  const alice = { id: 7, salt, passwordHash: await hashPassword(Buffer.from('tick-tock'), salt, 32) };
  const users: UserTable = {
    async find(name) {
      if (name === 'trouble') throw new Error('the database is away');
      return name === 'alice' ? alice : undefined;
    },
  };
  broker = createBroker({ ...laboratory.platform });
  broker.use(userTable(users));
});

function connack(username: string, password: string) {
  const client = PacketClient.connect(broker, { laboratory });
  return client.connectPacket({ username, password: Buffer.from(password) });
}

test('who gives the right password is let in under the id of the table', async () => {
  const client = await laboratory.connect(broker, {
    clientId: 'tablet',
    username: 'alice',
    password: Buffer.from('tick-tock'),
  });
  expect(broker.client('tablet')?.identity).toBe('7');
  expect(await client.publish('users/7/note', 'mine', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  expect(await client.publish('users/8/note', 'hers', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  expect(await client.subscribe('users/#')).toMatchObject({ reasonCodes: [0x87] });
});

test('a wrong password and an unknown name are refused alike', async () => {
  expect(await connack('alice', 'tock-tick')).toMatchObject({ reasonCode: 0x86 });
  expect(await connack('mallory', 'tick-tock')).toMatchObject({ reasonCode: 0x86 });
});

test('who says no name is not let in', async () => {
  const client = PacketClient.connect(broker, { laboratory });
  expect(await client.connectPacket({})).toMatchObject({ reasonCode: 0x87 });
});

test('while the table is away nobody is let in, and the broker lives on', async () => {
  expect((await connack('trouble', 'x')).reasonCode).toBeGreaterThanOrEqual(0x80);
  expect(laboratory.logger.messages('error')).toHaveLength(1);
  expect(await connack('alice', 'tick-tock')).toMatchObject({ reasonCode: 0 });
});

test('the plugin has twenty lines at most', () => {
  const source = readFileSync(new URL('auth-plugin.ts', import.meta.url), 'utf8');
  const plugin = source.slice(source.indexOf('export function userTable')).trimEnd();
  expect(plugin.split('\n').length).toBeLessThanOrEqual(20);
});
