import { createBroker } from 'carillon';

const broker = createBroker();
await broker.listen({ port: 1883 });

broker.subscribe('rooms/{room}/temperature', (message) => {
  console.log(`${message.parameters.room}: ${message.text()} degrees`);
});

process.once('SIGTERM', () => broker.close());

export { broker };
