import { MemoryLevel } from 'memory-level';
import { expect, test } from 'vitest';
import { levelPersistence, levelStore } from '../src/index.ts';

const database = new MemoryLevel<string, Uint8Array>({ valueEncoding: 'view' });

test.each<[unknown, string]>([
  [undefined, 'options is undefined; it must be an object.'],
  [{}, 'location is missing: the path of a folder, or database, an abstract-level database.'],
  [{ location: '' }, 'location is empty.'],
  [{ location: 7 }, 'location is the number 7; it must be a string.'],
  [{ location: 'x', folder: 'y' }, 'there is no folder; there are location, damaged.'],
  [{ location: 'x', durability: 'synced' }, 'there is no durability; there are location, damaged.'],
  [{ location: 'x', damaged: true }, 'damaged is true; it must be a function.'],
  [{ location: 'x', database }, 'there is no location; there are database, durability, damaged.'],
  [{ database: 'x' }, 'database is a string; it must be an abstract-level database.'],
  [
    { database: undefined },
    'location is missing: the path of a folder, or database, an abstract-level database.',
  ],
  [{ database, durability: 'disk' }, "durability is a string; it must be 'memory' or 'written' or 'synced'."],
])('%o is refused before anything is opened', (options, message) => {
  for (const make of [levelPersistence, levelStore]) {
    expect(() => Reflect.apply(make, undefined, [options])).toThrow(
      new TypeError(`levelPersistence: ${message}`),
    );
  }
});
