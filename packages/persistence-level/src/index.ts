export type {
  AnyLevel,
  Change as LevelChange,
  Encodings as LevelEncodings,
  Range as LevelRange,
} from './database.ts';
export { type LevelPersistenceOptions, levelPersistence, levelStore } from './level-persistence.ts';
export type { DamagedRecord } from './level-store.ts';
