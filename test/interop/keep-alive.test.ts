import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doorNames, type InteropBroker, openBroker } from './broker.ts';
import { describeWith } from './installed.ts';
import { connectMqttJs } from './mqttjs.ts';
import { connectPaho } from './paho.ts';
import { PahoDriver, paho } from './paho-driver.ts';
import { newClientId, versionName, versions } from './speaker.ts';
import { withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

// Whoever keeps alive is waited for; so all are waited for at once.
describe.concurrent('an idle client', () => {
  withEachSpeaker((speaker) => {
    for (const version of versions) {
      const door = speaker.doors[version % speaker.doors.length] ?? 'tcp';
      test(`MQTT ${versionName(version)} over ${doorNames[door]}: it is answered, and stays`, async () => {
        const topic = `idle/${newClientId('topic')}`;
        const appearance = { version, door, keepAlive: speaker.idleKeepAlive };
        await using idle = await speaker.subscribe(broker, appearance, { filters: [topic] });
        expect(broker.broker.client(idle.clientId)?.keepAlive).toBe(speaker.idleKeepAlive);

        await idle.pinged();

        await broker.broker.publish(topic, 'still there?');
        expect((await idle.next()).payload.toString()).toBe('still there?');
      });
    }
  });

  describeWith([paho], 'Paho for Python', () => {
    test('its Will is published when its process stands still', async () => {
      const will = { topic: 'idle/wills', payload: 'froze', qos: 1 } as const;
      await using watcher = await connectMqttJs(broker);
      await watcher.client.subscribeAsync('idle/wills');
      await using driver = new PahoDriver();
      const frozen = await connectPaho(broker, { will, keepAlive: 1 }, driver);
      expect(frozen.connected.code).toBe(0);

      driver.freeze();

      expect((await watcher.messages.next()).payload.toString()).toBe('froze');
    });
  });
});
