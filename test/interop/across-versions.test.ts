import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { newClientId, qualities, versionName, versions } from './speaker.ts';
import { withEachPair } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

withEachPair((publisher, subscriber) => {
  for (const sent of versions) {
    for (const received of versions) {
      const name = `MQTT ${versionName(sent)} is understood over MQTT ${versionName(received)} at every QoS`;
      test(name, async () => {
        const topic = `across/${newClientId('versions')}/Größe`;
        const watching = { filters: ['across/+/Größe'], qos: 1 } as const;
        await using watcher = await subscriber.subscribe(broker, { version: received }, watching);

        const messages = qualities.map((qos) => ({ topic, payload: `sent with ${qos}`, qos }));
        await publisher.publish(broker, { version: sent }, ...messages);

        for (const { qos } of messages) {
          const { payload, ...rest } = await watcher.next();
          expect(payload.toString()).toBe(`sent with ${qos}`);
          expect(rest).toEqual({ topic, qos: Math.min(qos, 1), retain: false, properties: {} });
        }
      });
    }
  }
});
