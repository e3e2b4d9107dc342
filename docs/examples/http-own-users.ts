import { createServer } from 'node:http';
import { httpBridge } from '@carillon/bridge-http';
import { createBroker } from 'carillon';

/** Who has logged in to the web application. */
const sessions = new Map([['4711', { name: 'vera', tenant: '7' }]]);

const broker = createBroker();

const bridge = httpBridge({
  path: '/mqtt',
  authenticate: ({ headers }) => {
    const [, id = ''] = /\bsession=(\w+)/.exec(headers.cookie ?? '') ?? [];
    const user = sessions.get(id);
    return user && { identity: user.name, mountPoint: `tenants/${user.tenant}/` };
  },
});
broker.use(bridge);

const server = createServer(bridge.handler).listen(3000);

export { broker, server };
