import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { newClientId, qualities, versionName, versions } from './speaker.ts';
import { withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

withEachSpeaker((speaker) => {
  for (const version of versions) {
    for (const qos of qualities) {
      test(`MQTT ${versionName(version)}: a retained message of QoS ${qos} waits for who comes later`, async () => {
        const topic = `retained/${newClientId('place')}`;
        await using present = await speaker.subscribe(broker, { version }, { filters: [topic], qos });
        await speaker.publish(
          broker,
          { version },
          { topic, payload: 'first', qos, retain: true },
          { topic, payload: 'second', qos, retain: true },
        );

        await using latecomer = await speaker.subscribe(broker, { version }, { filters: [topic], qos });

        const { payload, ...rest } = await latecomer.next();
        expect(payload.toString()).toBe('second');
        expect(rest).toEqual({ topic, qos, retain: true, properties: {} });
        expect(await present.next()).toMatchObject({ payload: Buffer.from('first'), retain: false });
        expect(await present.next()).toMatchObject({ payload: Buffer.from('second'), retain: false });
      });
    }

    test(`MQTT ${versionName(version)}: an empty retained message clears the place`, async () => {
      const place = `retained/${newClientId('place')}`;
      const [cleared, kept] = [`${place}/cleared`, `${place}/kept`];
      await using present = await speaker.subscribe(broker, { version }, { filters: [cleared] });
      await speaker.publish(
        broker,
        { version },
        { topic: cleared, payload: 'something', qos: 1, retain: true },
        { topic: cleared, payload: '', qos: 1, retain: true },
        { topic: kept, payload: 'something', qos: 1, retain: true },
      );

      await using latecomer = await speaker.subscribe(broker, { version }, { filters: [`${place}/#`] });

      expect((await latecomer.next()).topic).toBe(kept);
      expect(broker.broker.retained(cleared)).toBeUndefined();
      expect(await present.next()).toMatchObject({ payload: Buffer.from('something') });
      expect(await present.next()).toMatchObject({ payload: Buffer.alloc(0), retain: false });
    });
  }
});
