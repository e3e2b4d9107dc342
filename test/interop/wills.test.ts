import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { connectMqttJs } from './mqttjs.ts';
import { newClientId, qualities, versionName, versions } from './speaker.ts';
import { withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

const watching = { filters: ['wills/#'] };

withEachSpeaker((speaker) => {
  for (const version of versions) {
    for (const qos of qualities) {
      test(`MQTT ${versionName(version)}: its Will of QoS ${qos} is published when it dies`, async () => {
        const will = { topic: `wills/${newClientId('will')}`, payload: 'gone without a word', qos };
        await using watcher = await speaker.subscribe(broker, { version }, watching);
        await using mortal = await speaker.subscribe(broker, { version, will }, { filters: ['life'] });

        await mortal.die();

        const { payload, ...rest } = await watcher.next();
        expect(payload.toString()).toBe('gone without a word');
        expect(rest).toEqual({ topic: will.topic, qos, retain: false, properties: {} });
      });
    }

    test(`MQTT ${versionName(version)}: its retained Will is there for who comes later`, async () => {
      const will = { topic: `wills/${newClientId('late')}`, payload: 'gone', qos: 1, retain: true } as const;
      await using watcher = await speaker.subscribe(broker, { version }, { filters: [will.topic] });
      await using mortal = await speaker.subscribe(broker, { version, will }, { filters: ['life'] });
      await mortal.die();
      expect(await watcher.next()).toMatchObject({ topic: will.topic, retain: false });

      await using latecomer = await speaker.subscribe(broker, { version }, { filters: [will.topic] });

      expect(await latecomer.next()).toMatchObject({ topic: will.topic, retain: true });
      await broker.broker.clearRetained(will.topic);
    });

    const stays = speaker.leavesItsWill && version === 5;
    const what = stays ? 'is published when its goodbye asks for it' : 'is forgotten when it says goodbye';
    test(`MQTT ${versionName(version)}: its Will ${what}`, async () => {
      const will = { topic: `wills/${newClientId('bye')}`, payload: 'a Will', qos: 1 } as const;
      await using watcher = await speaker.subscribe(broker, { version }, { filters: ['wills/#', 'after'] });
      await using polite = await speaker.subscribe(broker, { version, will }, { filters: ['life'] });

      await polite.leave();
      await broker.untilGone(polite.clientId);
      await speaker.publish(broker, { version }, { topic: 'after', payload: 'it left', qos: 1 });

      if (stays) expect((await watcher.next()).topic).toBe(will.topic);
      expect((await watcher.next()).topic).toBe('after');
    });
  }

  test('MQTT 5.0: its Will keeps its properties', async () => {
    const properties = {
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'condolences',
      correlationData: 'grave-7',
      userProperties: [['cause', 'test']] as const,
    };
    const will = { topic: `wills/${newClientId('rich')}`, payload: 'gone', qos: 1, properties } as const;
    await using watcher = await connectMqttJs(broker);
    await watcher.client.subscribeAsync('wills/#');
    await using mortal = await speaker.subscribe(broker, { will }, { filters: ['life'] });

    await mortal.die();

    expect((await watcher.messages.next()).properties).toEqual(properties);
  });
});
