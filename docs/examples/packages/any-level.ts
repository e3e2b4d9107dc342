import { levelPersistence } from '@carillon/persistence-level';
import { MemoryLevel } from 'memory-level';

const plugin = levelPersistence({ database: new MemoryLevel() });

export { plugin };
