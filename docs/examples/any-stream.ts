import { createServer } from 'node:net';
import { createBroker } from 'carillon';

const broker = createBroker();

const server = createServer((socket) => {
  // Whatever you want to settle first: a handshake of your own, a tunnel, a decompressor.
  socket.once('data', (greeting) => {
    if (greeting.toString() !== 'mqtt please\n') return socket.destroy();
    socket.write('go ahead\n');
    return broker.handle(socket, { listener: 'greeter' });
  });
});
server.listen(7000);

export { broker, server };
