import { aclAuth } from '@carillon/auth-acl';
import { createBroker } from 'carillon';

const { ACL_FILE = 'acl.txt' } = process.env;

export const broker = createBroker();
broker.use({
  name: 'gate',
  hooks: { authenticate: () => ({ allow: true, groups: ['devices'], mountPoint: 'tenants/7/' }) },
});
export const acl = aclAuth({ file: ACL_FILE, subscriptions: 'narrow' });
broker.use(acl);
await broker.listen({ port: 1883, host: '127.0.0.1' });
