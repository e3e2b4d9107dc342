import type { MqttClient, Packet } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { gate, mallory } from './gate.ts';
import { Inbox } from './inbox.ts';
import { connectMqttJs, type MqttJsClient } from './mqttjs.ts';
import { newClientId } from './speaker.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker({
    limits: { maximumKeepAlive: 120 },
    responseInformation: (clientId) => `answers/${clientId}`,
  });
  broker.broker.use(gate);
});

afterAll(() => broker[Symbol.asyncDispose]());

/** The packets of one type that a client receives from now on, as they were on the wire. */
function received({ client }: MqttJsClient, cmd: Packet['cmd']): Inbox<Packet> {
  const inbox = new Inbox<Packet>(cmd);
  client.on('packetreceive', (packet) => {
    if (packet.cmd === cmd) inbox.push({ ...packet });
  });
  return inbox;
}

/** Topic and alias of a PUBLISH. */
function onWire(packet: Packet): [topic: string, alias: number | undefined] {
  if (packet.cmd !== 'publish') throw new Error(`no PUBLISH but ${packet.cmd}`);
  return [packet.topic, packet.properties?.topicAlias];
}

describe('MQTT.js with MQTT 5.0', () => {
  test('topics it sends by alias arrive in full', async () => {
    await using watcher = await connectMqttJs(broker);
    await watcher.client.subscribeAsync('long/+/topic');
    await using sender = await connectMqttJs(broker, {}, { autoAssignTopicAlias: true });
    const sent: Packet[] = [];
    sender.client.on('packetsend', (packet) => sent.push({ ...packet }));

    for (const payload of ['one', 'two', 'three']) {
      await sender.client.publishAsync('long/and/topic', payload, { qos: 1 });
    }

    for (const payload of ['one', 'two', 'three']) {
      const heard = await watcher.messages.next();
      expect([heard.topic, heard.payload.toString()]).toEqual(['long/and/topic', payload]);
    }
    expect(sent.filter(({ cmd }) => cmd === 'publish').map(onWire)).toEqual([
      ['long/and/topic', 1],
      ['', 1],
      ['', 1],
    ]);
  });

  test('topics that come to it by alias are understood', async () => {
    const properties = { topicAliasMaximum: 2 };
    await using watcher = await connectMqttJs(broker, {}, { properties });
    const publishes = received(watcher, 'publish');
    await watcher.client.subscribeAsync('many/#');

    const topics = ['many/a', 'many/a', 'many/b', 'many/a', 'many/c', 'many/b'];
    for (const topic of topics) await broker.broker.publish(topic, topic);

    const wire = [];
    for (const topic of topics) {
      const heard = await watcher.messages.next();
      expect([heard.topic, heard.payload.toString()]).toEqual([topic, topic]);
      wire.push(onWire(await publishes.next()));
    }
    expect(wire.slice(0, 2)).toEqual([
      ['many/a', 1],
      ['', 1],
    ]);
  });

  test.each([1, 2] as const)('it learns at QoS %i that nobody listens', async (qos) => {
    await using sender = await connectMqttJs(broker);
    const answers = received(sender, qos === 1 ? 'puback' : 'pubrec');
    await sender.client.publishAsync('desert', 'hello?', { qos });
    expect(await answers.next()).toMatchObject({ reasonCode: 0x10 });
  });

  test.each([1, 2] as const)('it learns at QoS %i that it may not publish', async (qos) => {
    await using sender = await connectMqttJs(broker);
    const publishing = sender.client.publishAsync('forbidden/place', 'x', { qos });
    await expect(publishing).rejects.toMatchObject({ code: 0x87 });
  });

  test('it learns which of its filters was denied', async () => {
    await using watcher = await connectMqttJs(broker);
    const subacks = received(watcher, 'suback');
    const filters = { 'a/#': { qos: 1 }, 'forbidden/place': { qos: 2 }, '$share/g/b': { qos: 2 } } as const;
    await expect(watcher.client.subscribeAsync(filters)).rejects.toThrow();
    expect(await subacks.next()).toMatchObject({ granted: [1, 0x87, 2] });
  });

  test('it learns that it unsubscribed from nothing', async () => {
    await using watcher = await connectMqttJs(broker);
    const unsubacks = received(watcher, 'unsuback');
    await watcher.client.subscribeAsync('there');
    await watcher.client.unsubscribeAsync(['there', 'never/there']);
    expect(await unsubacks.next()).toMatchObject({ granted: [0x00, 0x11] });
  });

  test('it is told its client id, its keep alive, where to expect responses, and what the broker can do', async () => {
    const properties = { requestResponseInformation: true };
    await using newcomer = await connectMqttJs(broker, { clientId: '', keepAlive: 3600 }, { properties });
    const clientId = newcomer.client.serverProperties?.assignedClientIdentifier ?? '';
    expect(broker.broker.client(clientId)?.keepAlive).toBe(120);
    expect(newcomer.client.keepalive).toBe(120);
    expect(newcomer.client.serverProperties).toMatchObject({
      responseInformation: `answers/${clientId}`,
      receiveMaximum: 1024,
      maximumPacketSize: 1_048_576,
      topicAliasMaximum: 32,
    });
  });

  test('it finds its session again, with its subscriptions', async () => {
    const clientId = newClientId('back');
    await using first = await connectMqttJs(broker, { clientId, persistent: true });
    expect(first.sessionPresent).toBe(false);
    await first.client.subscribeAsync('mine', { qos: 1 });
    await first.client.endAsync();
    await using second = await connectMqttJs(broker, { clientId, persistent: true });
    expect(second.sessionPresent).toBe(true);
    await broker.broker.publish('mine', 'for you', { qos: 1 });
    expect((await second.messages.next()).payload.toString()).toBe('for you');
  });

  test('it is told that another took over, and that the host ends its connection', async () => {
    const clientId = newClientId('twin');
    await using first = await connectMqttJs(broker, { clientId });
    const firstHears = received(first, 'disconnect');
    await using second = await connectMqttJs(broker, { clientId });
    const secondHears = received(second, 'disconnect');
    expect(await firstHears.next()).toMatchObject({ reasonCode: 0x8e });
    broker.broker.client(clientId)?.disconnect({ reasonCode: 0x98, reasonString: 'maintenance' });
    expect(await secondHears.next()).toMatchObject({
      reasonCode: 0x98,
      properties: { reasonString: 'maintenance' },
    });
  });

  test('it is told that its packet is too large', async () => {
    await using sender = await connectMqttJs(broker);
    const disconnects = received(sender, 'disconnect');
    sender.client.publish('large', Buffer.alloc(1_100_000));
    expect(await disconnects.next()).toMatchObject({ reasonCode: 0x95 });
  });

  test('it is told when more of its messages are unfinished than the broker allows', async () => {
    await using strict = await openBroker({ limits: { receiveMaximum: 5 } });
    await using sender = await connectMqttJs(strict);
    const disconnects = received(sender, 'disconnect');
    // It does not count by itself.
    for (let count = 0; count < 6; count += 1) sender.client.publish('flood', 'x', { qos: 2 });
    expect(await disconnects.next()).toMatchObject({ reasonCode: 0x93 });
  });

  test('it is not sent what is larger than it takes', async () => {
    await using watcher = await connectMqttJs(broker, {}, { properties: { maximumPacketSize: 200 } });
    await watcher.client.subscribeAsync('sizes', { qos: 1 });
    await broker.broker.publish('sizes', 'x'.repeat(300), { qos: 1 });
    await broker.broker.publish('sizes', 'small', { qos: 1 });
    expect((await watcher.messages.next()).payload.toString()).toBe('small');
  });

  test('overlapping subscriptions bring one copy with the identifiers of all', async () => {
    await using watcher = await connectMqttJs(broker);
    const subscribe = (filter: string, subscriptionIdentifier: number) =>
      watcher.client.subscribeAsync(filter, { qos: 1, properties: { subscriptionIdentifier } });
    await subscribe('over/#', 3);
    await subscribe('over/+', 200);
    await broker.broker.publish('over/lap', 'once', { qos: 1 });
    await broker.broker.publish('over/and/out', 'deeper', { qos: 1 });
    const both = (await watcher.messages.next()).properties.subscriptionIdentifiers ?? [];
    expect(both.toSorted((a, b) => a - b)).toEqual([3, 200]);
    expect((await watcher.messages.next()).properties.subscriptionIdentifiers).toEqual([3]);
  });

  test('it does not hear itself with No Local, and sees the retain flag with Retain As Published', async () => {
    await using talker = await connectMqttJs(broker);
    await talker.client.subscribeAsync('talk', { qos: 1, nl: true, rap: true });
    await talker.client.publishAsync('talk', 'my own', { qos: 1 });
    await broker.broker.publish('talk', 'kept', { qos: 1, retain: true });
    expect(await talker.messages.next()).toMatchObject({ payload: Buffer.from('kept'), retain: true });
    await broker.broker.clearRetained('talk');
  });

  test('Retain Handling says when it gets retained messages', async () => {
    await broker.broker.publish('kept', 'kept', { retain: true });
    await using watcher = await connectMqttJs(broker);
    await watcher.client.subscribeAsync('kept', { qos: 1, rh: 2 });
    await broker.broker.publish('kept', 'live 1');
    await watcher.client.subscribeAsync('kept', { qos: 1, rh: 1 });
    await broker.broker.publish('kept', 'live 2');
    await watcher.client.subscribeAsync('kept', { qos: 1, rh: 0 });
    const payloads = [];
    for (let count = 0; count < 3; count += 1) {
      payloads.push((await watcher.messages.next()).payload.toString());
    }
    expect(payloads).toEqual(['live 1', 'live 2', 'kept']);
    await broker.broker.clearRetained('kept');
  });

  test('it proves who it is in an exchange of AUTH packets', async () => {
    await using guarded = await openBroker();
    const text = (data: Uint8Array | undefined): string => Buffer.from(data ?? []).toString();
    guarded.broker.use({
      name: 'riddle',
      hooks: {
        authenticateEnhanced: ({ data, round }) => {
          if (round === 0) return { continue: true, data: Buffer.from(`${text(data)}, what is 6 × 7?`) };
          return text(data) === '42' ? { allow: true, identity: 'the wise' } : { allow: false };
        },
      },
    });
    const properties = { authenticationMethod: 'RIDDLE', authenticationData: Buffer.from('sphinx') };
    const questions: string[] = [];
    const solve = (client: MqttClient): void => {
      client.handleAuth = (packet, answer) => {
        questions.push(text(packet.properties?.authenticationData));
        answer(undefined, {
          cmd: 'auth',
          reasonCode: 0x18,
          properties: { authenticationMethod: 'RIDDLE', authenticationData: Buffer.from('42') },
        });
      };
    };
    await using wise = await connectMqttJs(guarded, { clientId: 'wise' }, { properties }, solve);
    expect(wise.client.connected).toBe(true);
    expect(questions).toEqual(['sphinx, what is 6 × 7?']);
    expect(guarded.broker.client('wise')?.identity).toBe('the wise');
  });

  test('it is told that the broker shuts down', async () => {
    await using passing = await openBroker();
    await using client = await connectMqttJs(passing);
    const disconnects = received(client, 'disconnect');
    await passing.broker.close();
    expect(await disconnects.next()).toMatchObject({ reasonCode: 0x8b });
  });
});

test.each([
  { version: 3, code: 4 },
  { version: 4, code: 4 },
  { version: 5, code: 0x86 },
] as const)('MQTT.js is told why it is refused at protocol level $version', async ({ version, code }) => {
  await expect(connectMqttJs(broker, { version, ...mallory })).rejects.toMatchObject({ code });
});
