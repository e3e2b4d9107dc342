import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { gate, mallory } from './gate.ts';
import { describeWith } from './installed.ts';
import { connectPaho, pahoPython } from './paho.ts';
import { paho } from './paho-driver.ts';
import { newClientId, versionName, versions } from './speaker.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker({ limits: { maximumKeepAlive: 120 } });
  broker.broker.use(gate);
});

afterAll(() => broker[Symbol.asyncDispose]());

describeWith([paho], 'Paho for Python', () => {
  for (const version of versions) {
    test(`MQTT ${versionName(version)}: it hears whether its session was there`, async () => {
      const clientId = newClientId('back');
      for (const present of [0, 1]) {
        const { connected, say, voice } = await connectPaho(broker, { version, clientId, persistent: true });
        // MQTT 3.1 keeps that bit reserved.
        expect(connected).toMatchObject({ code: 0, present: version === 3 ? 0 : present });
        say('disconnect');
        await voice.expect('disconnected');
        await broker.untilGone(clientId);
      }
    });

    test(`MQTT ${versionName(version)}: it hears what was granted for each filter`, async () => {
      const { say, voice } = await connectPaho(broker, { version });
      say('subscribe', { filters: ['a/#', 'forbidden/b', '$share/g/c'], qos: 1, properties: {} });
      const denied = version === 5 ? 0x87 : 0x80;
      expect((await voice.expect('subscribed')).codes).toEqual([1, denied, 1]);
      say('disconnect');
    });

    test(`MQTT ${versionName(version)}: it gets nothing more after UNSUBSCRIBE`, async () => {
      const place = newClientId('place');
      const { say, voice } = await connectPaho(broker, { version });
      say('subscribe', { filters: [`${place}/a`, `${place}/b`], qos: 1, properties: {} });
      await voice.expect('subscribed');
      say('unsubscribe', { filters: [`${place}/a`, `${place}/never`] });
      const unsubscribed = await voice.expect('unsubscribed');
      if (version === 5) expect(unsubscribed.codes).toEqual([0x00, 0x11]);

      await pahoPython.publish(
        broker,
        { version },
        { topic: `${place}/a`, payload: 'unwanted', qos: 1 },
        { topic: `${place}/b`, payload: 'wanted', qos: 1 },
      );

      expect((await voice.messages.next()).payload.toString()).toBe('wanted');
      say('disconnect');
    });
  }

  test.each([
    { version: 3, code: 4 },
    { version: 4, code: 4 },
    { version: 5, code: 0x86 },
  ] as const)('protocol level $version: it hears why it is refused', async ({ version, code }) => {
    const { connected } = await connectPaho(broker, { version, ...mallory });
    expect(connected.code).toBe(code);
    if (version === 5) expect(connected.reason).toBe('we know you');
  });

  test('MQTT 5.0: it hears the client id and the keep alive that the broker chose', async () => {
    const { connected, say } = await connectPaho(broker, { clientId: '', keepAlive: 3600 });
    expect(connected.serverKeepAlive).toBe(120);
    const assigned = connected.assigned ?? '';
    expect(broker.broker.client(assigned)?.keepAlive).toBe(120);
    say('disconnect');
  });

  test('MQTT 5.0: it hears that another took over', async () => {
    const clientId = newClientId('twin');
    const first = await connectPaho(broker, { clientId });
    const second = await connectPaho(broker, { clientId });
    expect((await first.voice.expect('disconnected')).code).toBe(0x8e);
    second.say('disconnect');
    expect((await second.voice.expect('disconnected')).code).toBe(0);
  });

  test('MQTT 5.0: its Will is published when its DISCONNECT asks for it', async () => {
    const will = { topic: `wills/${newClientId('asked')}`, payload: 'as you wished', qos: 1 } as const;
    await using watcher = await pahoPython.subscribe(broker, {}, { filters: ['wills/#'] });
    const { say } = await connectPaho(broker, { will });
    say('disconnect', { code: 0x04 });
    expect((await watcher.next()).payload.toString()).toBe('as you wished');
  });
});
