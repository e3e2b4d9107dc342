import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { borrowPorts } from '../borrowed-ports.ts';

test('what is retained in a folder of aedes-persistence-level is there for the next process, adopted or not', async () => {
  borrowPorts();
  const folder = mkdtempSync(join(tmpdir(), 'carillon-aedes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  process.env.STATE_DIRECTORY = folder;
  const { broker } = await import('./aedes.ts');
  await broker.publish('rooms/12', '20.5', { retain: true });
  await broker.close();

  const { broker: next } = await import('./aedes-adopt.ts');
  expect(Buffer.from(next.retained('rooms/12')?.payload ?? []).toString()).toBe('20.5');
  await next.close();
});
