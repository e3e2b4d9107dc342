import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { newClientId, versionName } from './speaker.ts';
import { withEachPair, withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

const properties = {
  payloadFormatIndicator: 1,
  contentType: 'text/plain; charset=utf-8',
  responseTopic: 'answers/here',
  correlationData: 'request-42',
  userProperties: [
    ['colour', 'red'],
    ['colour', 'grün'],
    ['size', ''],
  ],
} as const;

withEachPair((publisher, subscriber) => {
  test('every property of a message comes through unchanged', async () => {
    const topic = `properties/${newClientId('rich')}`;
    await using watcher = await subscriber.subscribe(broker, {}, { filters: [topic] });

    await publisher.publish(broker, {}, { topic, payload: 'rich', qos: 1, properties });

    expect((await watcher.next()).properties).toEqual(properties);
  });
});

withEachSpeaker((speaker) => {
  test('the Message Expiry Interval it sends is handed on, not yet counted down', async () => {
    const topic = `properties/${newClientId('expiry')}`;
    await using watcher = await speaker.subscribe(broker, {}, { filters: [topic] });

    const message = {
      topic,
      payload: 'soon stale',
      qos: 1,
      properties: { messageExpiryInterval: 600 },
    } as const;
    await speaker.publish(broker, {}, message);

    const { messageExpiryInterval } = (await watcher.next()).properties;
    expect(messageExpiryInterval).toBeGreaterThan(580);
    expect(messageExpiryInterval).toBeLessThanOrEqual(600);
  });

  test('its subscription identifier comes with each message of the subscription', async () => {
    const topic = `properties/${newClientId('identified')}`;
    await using small = await speaker.subscribe(broker, {}, { filters: [topic], subscriptionIdentifier: 1 });
    await using large = await speaker.subscribe(
      broker,
      {},
      { filters: [topic], subscriptionIdentifier: 268_435_455 },
    );

    await speaker.publish(broker, {}, { topic, payload: 'identified', qos: 2 });

    expect((await small.next()).properties).toEqual({ subscriptionIdentifiers: [1] });
    expect((await large.next()).properties).toEqual({ subscriptionIdentifiers: [268_435_455] });
  });

  for (const version of [3, 4] as const) {
    test(`properties sent to it do not reach it over MQTT ${versionName(version)}`, async () => {
      const topic = `properties/${newClientId('old')}`;
      await using watcher = await speaker.subscribe(broker, { version }, { filters: [topic] });

      await speaker.publish(broker, {}, { topic, payload: 'plain', qos: 1, properties });

      expect(await watcher.next()).toMatchObject({ payload: Buffer.from('plain'), properties: {} });
    });
  }
});
