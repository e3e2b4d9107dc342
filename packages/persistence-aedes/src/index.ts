export {
  type AedesRecord,
  aedesClientIds,
  aedesLevelFolder,
  type ReadAedesOptions,
  readAedesLevel,
} from './aedes-level-folder.ts';
export { aedesPersistence, aedesStore } from './aedes-persistence.ts';
export type { AedesStoreOptions } from './aedes-store-options.ts';
export type { Damaged } from './folder-sessions.ts';
export type { AedesPersistenceInstance } from './instance.ts';
export type { LevelChange, LevelDatabase, LevelRange } from './level-database.ts';
export type { LevelSpan, ReadableLevel } from './level-folder.ts';
export {
  type ChainedBatch,
  type OrderedLevel,
  type OrderedLevelOptions,
  orderedLevel,
} from './ordered-level.ts';
