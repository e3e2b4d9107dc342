import type { MaybePromise, StoredRecord } from '@carillon/persistence';
import type { Engine } from '../engine.ts';
import { isPromise, whenDone } from '../when-done.ts';
import { LoadProgress } from './load-progress.ts';

/**
 * Opens the store and takes up everything it has; synchronous when the store is. A store that throws rejects. One
 * that opened and cannot be loaded is closed again, so that it holds nothing that the next attempt needs.
 */
export function loadStored(engine: Engine): MaybePromise<void> {
  const progress = new LoadProgress(engine);
  const loaded = openAndLoad(engine, progress);
  if (!isPromise(loaded)) return undefined;
  return loaded.finally(() => progress.stop());
}

function openAndLoad(engine: Engine, progress: LoadProgress): MaybePromise<void> {
  try {
    return whenDone(engine.storage.store.open(), () => {
      const loaded = load(engine, progress);
      if (!isPromise(loaded)) return undefined;
      return loaded.catch(async (error: unknown) => {
        await closeAfterFailure(engine);
        throw error;
      });
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

function load(engine: Engine, progress: LoadProgress): MaybePromise<void> {
  try {
    const records = engine.storage.store.load();
    const loaded =
      Symbol.asyncIterator in records
        ? loadAsync(engine, records, progress)
        : loadNow(engine, records, progress);
    return whenDone(loaded, () => {
      progress.end();
      engine.sessions.startRestored();
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Why it could not be loaded is what matters; that it does not close either goes to the log. */
async function closeAfterFailure({ storage, logger }: Engine): Promise<void> {
  const { store } = storage;
  try {
    await store.close();
  } catch (error) {
    logger.error({ err: error, store: store.name }, 'the store could not be closed');
  }
}

function loadNow(engine: Engine, records: Iterable<StoredRecord>, progress: LoadProgress): void {
  for (const record of records) {
    take(engine, record);
    progress.took();
  }
}

async function loadAsync(
  engine: Engine,
  records: AsyncIterable<StoredRecord>,
  progress: LoadProgress,
): Promise<void> {
  for await (const record of records) {
    take(engine, record);
    progress.took();
  }
}

function take(engine: Engine, record: StoredRecord): void {
  switch (record.kind) {
    case 'session':
      engine.sessions.restore(record);
      return;
    case 'subscription':
      engine.sessions.subscribeRestored(record);
      return;
    case 'inboundId':
      engine.sessions.get(record.clientId)?.inboundIds.add(record.packetId);
      return;
    case 'will': {
      const session = engine.sessions.get(record.clientId);
      if (session !== undefined) engine.wills.restore(session, record.will);
      return;
    }
    case 'retained':
      engine.retained.restore(record.message);
      return;
  }
}
