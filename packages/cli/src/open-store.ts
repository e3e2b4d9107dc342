import { type Store, StoreError } from '@carillon/persistence';
import type { Logger } from 'pino';
import { CommandError } from './command-error.ts';
import type { EffectiveStore } from './store-configuration.ts';

/** The store that the command itself brings; none where nothing is kept, or the configuration has one. */
export async function makeStore(store: EffectiveStore, log: Logger): Promise<Store | undefined> {
  if (store.kind !== 'folder') return undefined;
  // Loaded only where something is kept.
  const { levelStore } = await import('@carillon/persistence-level');
  return levelStore({
    location: store.folder,
    damaged: ({ key, error }) =>
      log.error(
        { err: error, key: JSON.stringify(key) },
        'a record in the store is damaged and was set aside',
      ),
  });
}

/** What the log says of where everything is kept. */
export function tellStore(store: EffectiveStore, log: Logger): void {
  switch (store.kind) {
    case 'folder':
      log.info({ data: store.folder, durability: store.durability }, sentenceOf(store));
      return;
    case 'memory':
      log.info('sessions and messages are kept in memory: nothing is kept when the broker stops');
      return;
    case 'of the configuration':
      return;
  }
}

function sentenceOf({ folder, durability }: Extract<EffectiveStore, { kind: 'folder' }>): string {
  const promise =
    durability === 'synced'
      ? 'what is acknowledged is flushed to the disk and survives a power cut'
      : 'what is acknowledged survives the death of the process, not a power cut';
  return `keeping sessions and messages in ${folder} (${durability}: ${promise})`;
}

/** The error of a start, with what can be done where it is the store that is wrong. */
export function explainStart(error: unknown, store: EffectiveStore): unknown {
  if (!(error instanceof StoreError) || store.kind !== 'folder') return error;
  switch (error.failure) {
    case 'locked':
      return new CommandError(`${error.message}; stop it, or give another folder with --data`, 1, error);
    case 'damaged':
      return new CommandError(
        `${error.message}; carillon store check ${store.folder} says what is wrong`,
        1,
        error,
      );
    default:
      return error;
  }
}
