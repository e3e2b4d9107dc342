import type { MaybePromise, StoredRecord } from '@carillon/persistence';
import type { Engine } from '../engine.ts';
import { isPromise, whenDone } from '../when-done.ts';
import { LoadProgress } from './load-progress.ts';

/** Takes up everything the store has; synchronous when the store is. A store that throws rejects. */
export function loadStored(engine: Engine): MaybePromise<void> {
  try {
    return openAndLoad(engine);
  } catch (error) {
    return Promise.reject(error);
  }
}

function openAndLoad(engine: Engine): MaybePromise<void> {
  const { store } = engine.storage;
  return whenDone(store.open(), () => {
    const records = store.load();
    const loaded = Symbol.asyncIterator in records ? loadAsync(engine, records) : loadNow(engine, records);
    return isPromise(loaded)
      ? loaded.then(() => engine.sessions.startRestored())
      : engine.sessions.startRestored();
  });
}

function loadNow(engine: Engine, records: Iterable<StoredRecord>): void {
  const progress = new LoadProgress(engine);
  for (const record of records) {
    take(engine, record);
    progress.took();
  }
  progress.end();
}

async function loadAsync(engine: Engine, records: AsyncIterable<StoredRecord>): Promise<void> {
  const progress = new LoadProgress(engine);
  for await (const record of records) {
    take(engine, record);
    progress.took();
  }
  progress.end();
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
