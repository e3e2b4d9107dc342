import { passwordAuth } from '@carillon/auth-password';
import { scramAuth } from '@carillon/auth-scram';
import { createBroker } from 'carillon';

const { PASSWORD_FILE = 'users.txt' } = process.env;

export const broker = createBroker();
const passwords = passwordAuth({ file: PASSWORD_FILE });
broker.use(passwords);
broker.use(scramAuth({ find: passwords.scramCredentials }));
await broker.listen({ port: 1883, host: '0.0.0.0' });
