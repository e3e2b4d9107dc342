import { httpBridge } from '@carillon/bridge-http';
import { createBroker } from 'carillon';
import fastify from 'fastify';

const app = fastify({ forceCloseConnections: true });
const broker = createBroker();

const bridge = httpBridge({ path: '/mqtt' });
broker.use(bridge);

void app.register((scope, _options, ready) => {
  // The bridge reads bodies by itself, and no more of them than it allows.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  scope.all('/mqtt/*', (request, reply) => {
    void reply.hijack();
    bridge.handler(request.raw, reply.raw);
  });
  ready();
});

app.addHook('preClose', () => broker.close());
await app.listen({ port: 3000 });

export { app, broker };
