import { resolve } from 'node:path';
import { copyStore } from '@carillon/persistence';
import { CommandError } from '../command-error.ts';
import { Damage } from './damage.ts';
import { sourceAt, targetAt, withStores } from './open-store-at.ts';
import { ProgressBar } from './progress-bar.ts';

/**
 * Copies everything from one store into another, empty one.
 *
 * @throws {CommandError} when both are the same.
 */
export async function copyStores(from: string, to: string): Promise<number> {
  if (resolve(from) === resolve(to))
    throw new CommandError(`${from} cannot be copied into itself: name another place`);
  const damage = new Damage();
  const { store: source, options } = await sourceAt(from, damage.tell);
  const target = await targetAt(to);
  const bar = new ProgressBar(process.stderr);
  const done = await withStores([source, target], () =>
    copyStore(source, target, { ...options, progress: (progress) => bar.show(progress) }),
  ).finally(() => bar.clear());
  process.stdout.write(`copied ${done.records} records and ${done.entries} queued messages to ${to}\n`);
  return damage.sum();
}
