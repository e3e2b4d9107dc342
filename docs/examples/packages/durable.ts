import { levelPersistence } from '@carillon/persistence-level';
import { createBroker } from 'carillon';

const { STATE_DIRECTORY = './carillon-data' } = process.env;

const broker = createBroker();
broker.use(levelPersistence({ location: STATE_DIRECTORY }));
await broker.listen({ port: 1883 });

export { broker };
