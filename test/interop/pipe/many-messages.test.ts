import type { QoS } from '@carillon/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Door, doorNames, type InteropBroker, openBroker } from '../broker.ts';
import { connectMqttJs, type MqttJsClient } from '../mqttjs.ts';
import { newClientId, versionName } from '../speaker.ts';
import { within } from '../time-limit.ts';

let broker: InteropBroker;

beforeAll(async () => {
  // Before MQTT 5.0 nothing slows a publisher down: all of its messages may have to wait for the subscriber.
  broker = await openBroker({ limits: { maximumQueuedMessages: 10_000 } });
});

afterAll(() => broker[Symbol.asyncDispose]());

const runs: readonly { qos: QoS; count: number; version: 4 | 5; door: Door }[] = [
  { qos: 1, count: 5000, version: 4, door: 'tcp' },
  { qos: 1, count: 5000, version: 5, door: 'tcp' },
  { qos: 2, count: 2000, version: 4, door: 'tcp' },
  { qos: 2, count: 2000, version: 5, door: 'tcp' },
  { qos: 1, count: 2000, version: 5, door: 'tls' },
  { qos: 1, count: 2000, version: 5, door: 'ws' },
];

/**
 * Publishes as fast as it goes. In MQTT 5.0 the broker says how many may be unfinished at a time; MQTT.js leaves it
 * to its user to heed that.
 */
async function publishAll(
  { client }: MqttJsClient,
  topic: string,
  payloads: readonly string[],
  qos: QoS,
): Promise<void> {
  const atOnce = client.serverProperties?.receiveMaximum ?? payloads.length;
  for (let start = 0; start < payloads.length; start += atOnce) {
    const wave = payloads.slice(start, start + atOnce);
    const acknowledged = Promise.all(wave.map((payload) => client.publishAsync(topic, payload, { qos })));
    await within('all acknowledgements', acknowledged);
  }
}

async function allUntilEnd({ messages }: MqttJsClient): Promise<string[]> {
  const payloads: string[] = [];
  for (;;) {
    const payload = (await messages.next()).payload.toString();
    if (payload === 'end') return payloads;
    payloads.push(payload);
  }
}

for (const { qos, count, version, door } of runs) {
  const name = `${count} messages of QoS ${qos} come in order, none lost, none twice`;
  test(`MQTT ${versionName(version)} over ${doorNames[door]}: ${name}`, async () => {
    const topic = `pipe/${newClientId('many')}`;
    await using receiver = await connectMqttJs(broker, { version, door });
    await receiver.client.subscribeAsync(topic, { qos });
    await using sender = await connectMqttJs(broker, { version, door });
    const expected = Array.from({ length: count }, (_, number) => String(number));

    const texts = [...expected, 'end'];
    const [arrived] = await Promise.all([allUntilEnd(receiver), publishAll(sender, topic, texts, qos)]);

    expect(arrived).toEqual(expected);
  });
}
