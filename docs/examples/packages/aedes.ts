import { aedesPersistence, orderedLevel } from '@carillon/persistence-aedes';
import aedesPersistenceLevel from 'aedes-persistence-level';
import { createBroker } from 'carillon';
import { Level } from 'level';

const { STATE_DIRECTORY = './aedes-data' } = process.env;

const level = orderedLevel(new Level(STATE_DIRECTORY), { sync: true });
const broker = createBroker();
broker.use(aedesPersistence(aedesPersistenceLevel(level), { durability: 'synced' }));
await broker.listen({ port: 1883 });

export { broker };
