import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '@carillon/auth-password';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'carillon-authentication-'));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];

beforeAll(async () => {
  borrowPorts();
  const file = join(folder, 'users.txt');
  writeFileSync(file, `# who may come\nalice:${await hashPassword('tick-tock')}\n`);
  process.env.PASSWORD_FILE = file;
  const { broker } = await import('./authentication.ts');
  closing.unshift(() => broker.close());
});

afterAll(async () => {
  for (const close of closing) await close();
});

test('users of the file are let in, and nobody else', async () => {
  const login = { username: 'alice', protocolVersion: 5, reconnectPeriod: 0 } as const;
  const alice = await mqtt.connectAsync('mqtt://localhost:1883', { ...login, password: 'tick-tock' });
  await alice.endAsync();
  const stranger = mqtt.connectAsync('mqtt://localhost:1883', { ...login, password: 'tock-tick' });
  await expect(stranger).rejects.toMatchObject({ code: 0x86 });
});
