import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelPersistence } from '@carillon/persistence-level';
import { createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { borrowPorts } from '../borrowed-ports.ts';
import { plugin } from './any-level.ts';

test('what is retained in the folder of @carillon/persistence-level is there for the next process', async () => {
  borrowPorts();
  const folder = mkdtempSync(join(tmpdir(), 'carillon-durable-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  process.env.STATE_DIRECTORY = folder;
  const { broker } = await import('./durable.ts');
  await broker.publish('rooms/12', '20.5', { retain: true });
  await broker.close();

  await using next = createBroker();
  next.use(levelPersistence({ location: folder }));
  await next.start();
  expect(Buffer.from(next.retained('rooms/12')?.payload ?? []).toString()).toBe('20.5');
});

test('any abstract-level database will do', async () => {
  await using broker = createBroker();
  broker.use(plugin);
  await broker.publish('rooms/12', '20.5', { retain: true });
  expect(broker.retained('rooms/12')).toBeDefined();
});
