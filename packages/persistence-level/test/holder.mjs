// A process that has a LevelDB folder open, with the note that a store leaves there, until its input ends.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';

const [location = ''] = process.argv.slice(2);
const database = new Level(location);
await database.open();
const holder = { pid: process.pid, host: 'elsewhere', since: '2026-01-01T00:00:00.000Z' };
await writeFile(join(location, 'carillon.lock'), JSON.stringify(holder));
process.stdout.write('open\n');
process.stdin.resume();
process.stdin.on('end', () => database.close());
