import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'carillon-acl-'));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];

/** The rules that the page shows. */
function rulesOfThePage(): string {
  const page = readFileSync(new URL('../access-control.md', import.meta.url), 'utf8');
  return /```text\n(.*?)```/s.exec(page)?.[1] ?? '';
}

beforeAll(async () => {
  borrowPorts();
  process.env.ACL_FILE = join(folder, 'acl.txt');
  writeFileSync(process.env.ACL_FILE, rulesOfThePage());
  const { broker } = await import('./access-control.ts');
  closing.unshift(() => broker.close());
});

afterAll(async () => {
  for (const close of closing) await close();
});

test('the rules of the page do what it says, and explain names the line', async () => {
  const { broker } = await import('./access-control.ts');
  const device = await mqtt.connectAsync('mqtt://localhost:1883', {
    clientId: 'd7',
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  await device.publishAsync('devices/d7/state', 'on', { qos: 1 });
  await expect(device.publishAsync('devices/d8/state', 'on', { qos: 1 })).rejects.toMatchObject({
    code: 0x87,
  });
  await expect(device.publishAsync('devices/d7/state', 'on', { qos: 2 })).rejects.toMatchObject({
    code: 0x87,
  });
  await device.subscribeAsync('news/#', { qos: 1 });
  const { steps } = await broker.explain('d7', 'receive', 'news/internal/plans');
  expect(steps.at(-1)).toMatchObject({
    outcome: 'denied',
    detail: expect.stringContaining('line 3: deny receive'),
  });
  await device.endAsync();
});
