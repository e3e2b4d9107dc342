export { type CheckLevelOptions, checkLevelStore } from './check-store.ts';
export type {
  AnyLevel,
  Change as LevelChange,
  Encodings as LevelEncodings,
  EntryIterator as LevelEntryIterator,
  Range as LevelRange,
} from './database.ts';
export type { DamagedFile } from './files/database-files.ts';
export { levelFolderReader } from './level-folder-reader.ts';
export type { LevelPersistenceOptions } from './level-options.ts';
export { levelPersistence, levelStore } from './level-persistence.ts';
export { type FolderLook, lookIntoFolder } from './look-into-folder.ts';
export type { DamagedRecord } from './set-aside.ts';
export type { RecordKind, StoreFinding, StoreReport } from './store-report.ts';
