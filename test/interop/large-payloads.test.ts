import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doorNames, type InteropBroker, openBroker } from './broker.ts';
import { newClientId, qualities } from './speaker.ts';
import { withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

function fingerprint(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

withEachSpeaker((speaker) => {
  for (const door of speaker.doors) {
    test(`300 kB at every QoS come whole over ${doorNames[door]}`, async () => {
      const topic = `large/${newClientId('load')}`;
      const loads = qualities.map((qos) => ({ topic, payload: randomBytes(300_000), qos }));
      await using subscriber = await speaker.subscribe(broker, { door }, { filters: [topic] });

      await speaker.publish(broker, { door }, ...loads);

      for (const { payload, qos } of loads) {
        const arrived = await subscriber.next();
        expect(arrived).toMatchObject({ topic, qos });
        expect(arrived.payload.length).toBe(300_000);
        expect(fingerprint(arrived.payload)).toBe(fingerprint(payload));
      }
    });
  }
});
