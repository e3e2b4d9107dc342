import type { QoS } from '@carillon/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from '../broker.ts';
import { connectMqttJs, type MqttJsClient } from '../mqttjs.ts';
import { newClientId, versionName } from '../speaker.ts';
import { within } from '../time-limit.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker({ limits: { maximumQueuedMessages: 10_000 } });
});

afterAll(() => broker[Symbol.asyncDispose]());

const count = 600;

/** Cuts the connection each time so many messages more have come; MQTT.js comes back by itself. */
function tear({ client }: MqttJsClient, every: number): void {
  let messages = 0;
  client.on('message', () => {
    messages += 1;
    if (messages % every === 0) client.stream.destroy();
  });
}

for (const version of [4, 5] as const) {
  for (const qos of [1, 2] satisfies QoS[]) {
    const name =
      qos === 1 ? 'nothing is lost at QoS 1' : 'each message comes exactly once at QoS 2, in order';
    test(`MQTT ${versionName(version)}: ${name} while both connections tear again and again`, async () => {
      const topic = `torn/${newClientId('topic')}`;
      const ownWay = { reconnectPeriod: 1, resubscribe: false };
      const persistent = { version, persistent: true };
      const heard: string[] = [];
      await using receiver = await connectMqttJs(broker, persistent, ownWay);
      await receiver.client.subscribeAsync(topic, { qos });
      await using sender = await connectMqttJs(broker, persistent, ownWay);
      const everything = new Promise<void>((resolve) => {
        receiver.client.on('message', (_topic, payload) => {
          const text = payload.toString();
          heard.push(text);
          if (text === 'end') resolve();
          if (heard.length % 150 === 0) sender.client.stream.destroy();
        });
      });
      tear(receiver, 100);
      const expected = Array.from({ length: count }, (_, number) => String(number));

      const sent = Promise.all(expected.map((text) => sender.client.publishAsync(topic, text, { qos })));
      await within('all acknowledgements', sent);
      await sender.client.publishAsync(topic, 'end', { qos });
      await within('the last message', everything);

      if (qos === 2) expect(heard).toEqual([...expected, 'end']);
      else expect([...new Set(heard)].sort()).toEqual([...expected, 'end'].sort());
      expect(broker.broker.counters().connectionsAccepted).toBeGreaterThan(8);
    });
  }
}
