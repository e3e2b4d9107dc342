export type { AnyLevel } from './database.ts';
export { type LevelPersistenceOptions, levelPersistence, levelStore } from './level-persistence.ts';
export type { DamagedRecord } from './level-store.ts';
