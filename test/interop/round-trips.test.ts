import { afterAll, beforeAll, expect, test } from 'vitest';
import { doorNames, type InteropBroker, openBroker } from './broker.ts';
import { newClientId, qualities, versionName, versions } from './speaker.ts';
import { withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

/** Every byte there is: neither text nor a line. */
const payload = Uint8Array.from({ length: 256 }, (_, value) => value);

withEachSpeaker((speaker) => {
  for (const door of speaker.doors) {
    for (const version of versions) {
      for (const qos of qualities) {
        const how = `MQTT ${versionName(version)} over ${doorNames[door]}`;
        test(`${how}: a message of QoS ${qos} arrives byte for byte`, async () => {
          const topic = `round/${newClientId('trip')}`;
          await using subscriber = await speaker.subscribe(
            broker,
            { version, door },
            { filters: [topic], qos },
          );
          const client = broker.broker.client(subscriber.clientId);
          expect(client?.remote.transport).toBe(door);
          expect(client?.protocolVersion).toBe(version);

          await speaker.publish(broker, { version, door }, { topic, payload, qos });

          const { payload: arrived, ...rest } = await subscriber.next();
          expect(rest).toEqual({ topic, qos, retain: false, properties: {} });
          expect(arrived).toEqual(Buffer.from(payload));
        });
      }
    }
  }
});
