import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '@carillon/hooks/checks';
import type { ReadStoreOptions, Store } from '@carillon/persistence';
import { levelFolderReader, levelStore, lookIntoFolder } from '@carillon/persistence-level';
import { CommandError } from '../command-error.ts';

/** A store to read from, and how it is read best. */
export interface Source {
  readonly store: Store;
  readonly options: ReadStoreOptions;
}

/** Told of a record that cannot be read. */
export type TellDamaged = (key: string, error: Error) => void;

/**
 * A store to be read: a folder of Carillon's or of Aedes's, or what a module exports. Not open yet.
 *
 * @throws {CommandError} when it is none of these.
 */
export async function sourceAt(place: string, damaged: TellDamaged): Promise<Source> {
  if (isModule(place)) return { store: await storeOfModule(place), options: {} };
  const { format, firstKey } = await lookIntoFolder(place);
  if (format !== undefined) {
    const store = levelFolderReader(place, { damaged: ({ key, error }) => damaged(shown(key), error) });
    return { store, options: {} };
  }
  if (firstKey !== undefined && isOfAedes(firstKey)) {
    return { store: await aedesFolder(place, damaged), options: {} };
  }
  throw new CommandError(`${place} holds neither a store of Carillon's nor one of Aedes's`);
}

/** A store to be filled: a folder, made when it is not there, or what a module exports. Not open yet. */
export async function targetAt(place: string): Promise<Store> {
  return isModule(place) ? storeOfModule(place) : levelStore({ location: place });
}

async function aedesFolder(place: string, damaged: TellDamaged): Promise<Store> {
  const { aedesLevelFolder } = await import('@carillon/persistence-aedes');
  return aedesLevelFolder(place, {
    damaged: (error, what) => damaged(what, error),
  });
}

/** The spaces of aedes-persistence-level. */
function isOfAedes(key: string): boolean {
  return /^(subscriptions|outgoing|outgoing-id|incoming|retained|will):/.test(key);
}

function isModule(place: string): boolean {
  return ['.js', '.mjs', '.cjs', '.ts', '.mts'].includes(extname(place));
}

async function storeOfModule(place: string): Promise<Store> {
  try {
    const { default: store }: { readonly default?: unknown } = await import(
      pathToFileURL(resolve(place)).href
    );
    if (isStore(store)) return store;
  } catch (error) {
    throw new CommandError(`${place} cannot be loaded: ${messageOf(error)}`, 1, error);
  }
  throw new CommandError(`the default export of ${place} is no store`);
}

function isStore(value: unknown): value is Store {
  if (typeof value !== 'object' || value === null) return false;
  const has = (name: string): boolean => name in value;
  return ['name', 'supports', 'open', 'load', 'commit', 'readQueue', 'close'].every(has);
}

function shown(key: string): string {
  return key.replaceAll('\0', ' ');
}

/** Opens stores, one after the other, does the work, and closes them whatever happens. */
export async function withStores<T>(stores: readonly Store[], work: () => Promise<T>): Promise<T> {
  const open: Store[] = [];
  try {
    for (const store of stores) {
      await store.open();
      open.push(store);
    }
    return await work();
  } finally {
    for (const store of open) await store.close();
  }
}
