import { createServer } from 'node:http';
import { createBroker } from 'carillon';

const server = createServer((_request, response) => {
  response.end('This is the web application.\n');
});
server.listen(3000);

const broker = createBroker();
broker.attach(server, { path: '/mqtt' });

export { broker, server };
