import { encode, type PublishProperties, type SubscribeProperties } from '@carillon/protocol';
import { bench, describe } from 'vitest';
import { chunkOf, endTurn, engineAlone, joined, MemoryClient } from './memory-client.ts';

/** As many as a busy publisher has in one chunk. */
const IN_A_CHUNK = 100;
const oneTopic = new Array<string>(IN_A_CHUNK).fill('site/12/device/7/temperature');
const twoTopics = oneTopic.map((topic, index) => `${topic}/${index % 2}`);

async function pair(
  hooks: Parameters<ReturnType<typeof engineAlone>['use']>[0]['hooks'] = {},
  qos: 0 | 1 = 0,
) {
  const broker = engineAlone();
  broker.use({ name: 'house', hooks });
  const subscriber = await MemoryClient.connect(broker, 'subscriber');
  await subscriber.subscribe('site/#', qos);
  return { subscriber, publisher: await MemoryClient.connect(broker, 'publisher') };
}

const plain = await pair();
const watched = await pair({ delivered: () => {} });

describe(`one pair, QoS 0, ${IN_A_CHUNK} in a chunk`, () => {
  const [repeated, alternating] = [chunkOf(oneTopic), chunkOf(twoTopics)];
  const send = ({ publisher, subscriber }: typeof plain, chunk: Uint8Array): void => {
    publisher.say(chunk);
    endTurn();
    subscriber.received = [];
  };

  bench('each repeats the one before it', () => send(plain, repeated));
  bench('by turns of two topics', () => send(plain, alternating));
  bench('each is told to a plugin', () => send(watched, repeated));
});

const acknowledging = await pair({}, 1);

describe(`one pair, QoS 1, ${IN_A_CHUNK} in a chunk, delivered and acknowledged`, () => {
  const send = (chunk: Uint8Array): void => {
    const { publisher, subscriber } = acknowledging;
    publisher.say(chunk);
    endTurn();
    const bytes = joined(subscriber.received);
    subscriber.received = [];
    const answers: number[] = [];
    for (let at = 0; at < bytes.length; at += 2 + (bytes[at + 1] ?? 0)) {
      const identifierAt = at + 4 + (bytes[at + 3] ?? 0);
      answers.push(0x40, 2, bytes[identifierAt] ?? 0, bytes[identifierAt + 1] ?? 0);
    }
    subscriber.say(Uint8Array.from(answers));
    endTurn();
    publisher.received = [];
  };
  const [repeated, alternating] = [chunkOf(oneTopic, 1), chunkOf(twoTopics, 1)];

  bench('each repeats the one before it', () => send(repeated));
  bench('by turns of two topics', () => send(alternating));
});

async function aliasedPair(subscription: SubscribeProperties = {}) {
  const broker = engineAlone();
  const subscriber = await MemoryClient.connect(broker, 'subscriber', 5, { topicAliasMaximum: 10 });
  await subscriber.subscribe('site/#', 0, subscription);
  return { subscriber, publisher: await MemoryClient.connect(broker, 'publisher', 5) };
}

const aliased = await aliasedPair();
const numbered = await aliasedPair({ subscriptionIdentifier: 1 });

describe('one pair of MQTT 5.0 with three properties, QoS 0, 100 in a chunk', () => {
  const properties: PublishProperties = {
    messageExpiryInterval: 3600,
    contentType: 'text/plain',
    userProperties: [['unit', 'celsius']],
  };
  const [topic = ''] = oneTopic;
  const packetOf = (named: string): Uint8Array =>
    encode(
      {
        type: 'publish',
        topic: named,
        payload: new Uint8Array(64).fill(65),
        qos: 0,
        retain: false,
        dup: false,
        packetId: 0,
        properties: { ...properties, topicAlias: 1 },
      },
      5,
    );
  for (const { publisher } of [aliased, numbered]) publisher.say(packetOf(topic));
  const chunk = joined(oneTopic.map(() => packetOf('')));
  const send = ({ publisher, subscriber }: typeof aliased): void => {
    publisher.say(chunk);
    endTurn();
    subscriber.received = [];
  };

  bench('topic aliases on both sides', () => send(aliased));
  bench('the same with a Subscription Identifier, for which each packet is made', () => send(numbered));
});

const crowd = engineAlone();
const listeners: MemoryClient[] = [];
for (let index = 0; index < 500; index++) {
  const listener = await MemoryClient.connect(crowd, `listener-${index}`);
  await listener.subscribe('site/#');
  listeners.push(listener);
}
const speaker = await MemoryClient.connect(crowd, 'speaker');

describe('fan-out to 500, QoS 0, 20 in a chunk', () => {
  const send = (chunk: Uint8Array): void => {
    speaker.say(chunk);
    endTurn();
    for (const listener of listeners) listener.received = [];
  };
  const [repeated, alternating] = [chunkOf(oneTopic.slice(0, 20)), chunkOf(twoTopics.slice(0, 20))];

  bench('each repeats the one before it', () => send(repeated));
  bench('by turns of two topics', () => send(alternating));
});

const pairs: { publisher: MemoryClient; subscriber: MemoryClient; chunk: Uint8Array }[] = [];
const town = engineAlone();
for (let index = 0; index < 500; index++) {
  const topic = `site/${index}/temperature`;
  const subscriber = await MemoryClient.connect(town, `s${index}`);
  await subscriber.subscribe(topic);
  pairs.push({
    publisher: await MemoryClient.connect(town, `p${index}`),
    subscriber,
    chunk: chunkOf([topic]),
  });
}

describe('500 pairs, QoS 0, one in a chunk', () => {
  bench('one message of each in a turn', () => {
    for (const { publisher, chunk } of pairs) publisher.say(chunk);
    endTurn();
    for (const { subscriber } of pairs) subscriber.received = [];
  });
});

const door = engineAlone();

describe('a client', () => {
  bench('comes and goes', async () => {
    const client = await MemoryClient.connect(door, 'visitor');
    client.say(Uint8Array.of(0xe0, 0));
    endTurn();
  });
});
