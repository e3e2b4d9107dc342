import { copyStore } from '@carillon/persistence';
import { Damage } from './damage.ts';
import { sourceAt, targetAt, withStores } from './open-store-at.ts';
import { ProgressBar } from './progress-bar.ts';

/** Copies everything from one store into another, empty one. */
export async function copyStores(from: string, to: string): Promise<number> {
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
