import { createBroker } from 'carillon';
import fastify from 'fastify';

const app = fastify();
const broker = createBroker();

app.get('/clients', async () =>
  Array.from(broker.clients(), ({ id, remote }) => ({ id, via: remote.transport })),
);

broker.attach(app.server);
app.addHook('preClose', () => broker.close());
await app.listen({ port: 3000 });

export { app, broker };
