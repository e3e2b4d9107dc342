import { createBroker } from 'carillon';
import { saveReading } from './readings.ts';

const broker = createBroker();
await broker.listen({ port: 1883 });

// A handler sees one message at a time; levels of the topic with a name are handed over.
const readings = broker.subscribe('rooms/{room}/{quantity}', async (message) => {
  const { room, quantity } = message.parameters;
  await saveReading(room, quantity, message.json());
});

// The same as a stream. Leaving the loop ends the subscription.
async function firstAlarm(): Promise<string> {
  for await (const message of broker.messages('alarms/#')) {
    if (message.text() !== 'test') return message.topic;
  }
  throw new Error('the broker was closed');
}

// `publish` resolves when the message is routed and stored, and tells what became of it.
const receipt = await broker.publish('rooms/12/temperature', JSON.stringify({ celsius: 20.5 }), {
  qos: 1,
  retain: true,
  properties: { contentType: 'application/json', messageExpiryInterval: 3600 },
});
console.log(receipt); // { matched: 1, sent: 1, queued: 0, dropped: [] }

export { broker, firstAlarm, readings };
