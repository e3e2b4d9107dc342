import { createBroker } from 'carillon';
import mqtt from 'mqtt';

const broker = createBroker({ shareStrategy: 'least-loaded' });
await broker.listen({ port: 1883 });

// Three workers share one subscription: each job goes to one of them.
const done: string[] = [];
for (const name of ['ada', 'ben', 'cyd']) {
  const worker = await mqtt.connectAsync('mqtt://localhost:1883', { protocolVersion: 5, clientId: name });
  worker.on('message', (_topic, job) => done.push(`${name} did ${job}`));
  await worker.subscribeAsync('$share/workers/jobs/#', { qos: 1 });
}

for (const job of ['sweep', 'paint', 'polish']) await broker.publish('jobs/today', job, { qos: 1 });

for (const { shareName, filter, members } of broker.shares()) console.log(shareName, filter, members);

export { broker, done };
