import { passwordAuth } from '@carillon/auth-password';
import { createBroker } from 'carillon';

const { PASSWORD_FILE = 'users.txt' } = process.env;

export const broker = createBroker();
broker.use(passwordAuth({ file: PASSWORD_FILE }));
await broker.listen({ port: 1883, host: '0.0.0.0' });
