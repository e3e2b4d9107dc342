import type { QoS } from '@carillon/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { newClientId, versionName, versions } from './speaker.ts';
import { withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

/** One in a session that is asked to deliver exactly once must not come twice. */
const waitingQualities: readonly QoS[] = [1, 2];

withEachSpeaker((speaker) => {
  for (const version of versions) {
    for (const qos of waitingQualities) {
      test(`MQTT ${versionName(version)}: messages of QoS ${qos} wait in its session, in order`, async () => {
        const topic = `sessions/${newClientId('letterbox')}`;
        const appearance = { version, clientId: newClientId('sess'), persistent: true };
        const wish = { filters: [topic], qos };
        await using before = await speaker.subscribe(broker, appearance, wish);
        await before.leave();
        await broker.untilGone(appearance.clientId);
        const letters = Array.from({ length: 20 }, (_, number) => `letter ${number}`);
        for (const letter of letters) await broker.broker.publish(topic, letter, { qos });
        expect(broker.broker.session(appearance.clientId)).toMatchObject({ connected: false, queued: 20 });

        await using after = await speaker.subscribe(broker, appearance, wish);
        await speaker.publish(broker, { version }, { topic, payload: 'live', qos });

        for (const letter of [...letters, 'live']) {
          const { payload, ...rest } = await after.next();
          expect(payload.toString()).toBe(letter);
          expect(rest).toEqual({ topic, qos, retain: false, properties: {} });
        }
      });
    }

    test(`MQTT ${versionName(version)}: a clean start forgets its session and what waited there`, async () => {
      const topic = `sessions/${newClientId('letterbox')}`;
      const appearance = { version, clientId: newClientId('sess') };
      const wish = { filters: [topic], qos: 1 } as const;
      await using before = await speaker.subscribe(broker, { ...appearance, persistent: true }, wish);
      await before.leave();
      await broker.untilGone(appearance.clientId);
      await broker.broker.publish(topic, 'forgotten', { qos: 1 });

      await using after = await speaker.subscribe(broker, appearance, wish);
      await speaker.publish(broker, { version }, { topic, payload: 'new', qos: 1 });

      expect((await after.next()).payload.toString()).toBe('new');
    });
  }
});
