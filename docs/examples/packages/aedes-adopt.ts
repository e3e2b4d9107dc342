import { aedesClientIds, aedesPersistence } from '@carillon/persistence-aedes';
import aedesPersistenceLevel from 'aedes-persistence-level';
import { createBroker } from 'carillon';
import { Level } from 'level';

const { STATE_DIRECTORY = './aedes-data' } = process.env;

const level = new Level(STATE_DIRECTORY);
const broker = createBroker();
broker.use(aedesPersistence(aedesPersistenceLevel(level), { adopt: aedesClientIds(level) }));
await broker.listen({ port: 1883 });

export { broker };
