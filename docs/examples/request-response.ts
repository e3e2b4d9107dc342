import { createBroker } from 'carillon';
import mqtt from 'mqtt';

const broker = createBroker({ responseInformation: (clientId) => `answers/${clientId}` });
await broker.listen({ port: 1883 });

// The application answers: to the topic the question names, with the correlation data it came with.
broker.subscribe('questions/sum', async (question) => {
  const { responseTopic, correlationData } = question.properties;
  if (responseTopic === undefined) return;
  const numbers = question.text().split(' ').map(Number);
  const sum = numbers.reduce((total, number) => total + number, 0);
  await broker.publish(responseTopic, String(sum), {
    properties: correlationData === undefined ? {} : { correlationData },
  });
});

// A client asks.
const client = await mqtt.connectAsync('mqtt://localhost:1883', { protocolVersion: 5, clientId: 'pupil' });
await client.subscribeAsync('answers/pupil');
const answer = new Promise<string>((resolve) => {
  client.on('message', (_topic, payload, packet) => {
    if (packet.properties?.correlationData?.toString() === 'first') resolve(payload.toString());
  });
});
await client.publishAsync('questions/sum', '20 22', {
  properties: { responseTopic: 'answers/pupil', correlationData: Buffer.from('first') },
});
console.log(await answer); // 42

export { answer, broker, client };
