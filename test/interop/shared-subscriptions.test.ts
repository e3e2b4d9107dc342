import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { newClientId, type Subscriber, versionName, versions } from './speaker.ts';
import { withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

/** The payloads up to the one that says it is over. */
async function allUntilEnd(subscriber: Subscriber): Promise<string[]> {
  const payloads: string[] = [];
  for (;;) {
    const payload = (await subscriber.next()).payload.toString();
    if (payload === 'end') return payloads;
    payloads.push(payload);
  }
}

withEachSpeaker((speaker) => {
  for (const version of versions) {
    const name = `MQTT ${versionName(version)}: the members of a share divide the messages, others get all`;
    test(name, async () => {
      const place = `shared/${newClientId('work')}`;
      const filters = [`$share/workers/${place}/jobs`, `${place}/end`];
      await using one = await speaker.subscribe(broker, { version }, { filters, qos: 1 });
      await using other = await speaker.subscribe(broker, { version }, { filters, qos: 1 });
      await using watcher = await speaker.subscribe(broker, { version }, { filters: [`${place}/#`], qos: 1 });
      const jobs = Array.from({ length: 8 }, (_, number) => `job ${number}`);

      await speaker.publish(
        broker,
        { version },
        ...jobs.map((payload) => ({ topic: `${place}/jobs`, payload, qos: 1 }) as const),
        { topic: `${place}/end`, payload: 'end', qos: 1 },
      );

      const shares = [await allUntilEnd(one), await allUntilEnd(other)];
      expect(shares.flat().sort()).toEqual(jobs);
      expect(shares.map(({ length }) => length)).toEqual([4, 4]);
      expect(await allUntilEnd(watcher)).toEqual(jobs);
    });
  }
});
