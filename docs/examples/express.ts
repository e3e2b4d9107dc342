import { createBroker } from 'carillon';
import express from 'express';

const app = express();
const broker = createBroker();

app.post('/rooms/:room/light', express.text(), async (request, response) => {
  const topic = `rooms/${request.params.room}/light`;
  const receipt = await broker.publish(topic, request.body, { qos: 1, retain: true });
  response.json({ receivers: receipt.matched });
});

app.get('/rooms/:room/light', (request, response) => {
  const message = broker.retained(`rooms/${request.params.room}/light`);
  if (message === undefined) response.sendStatus(404);
  else response.send(Buffer.from(message.payload).toString());
});

const server = app.listen(3000);
broker.attach(server);

export { broker, server };
