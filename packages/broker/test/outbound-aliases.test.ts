import type { AuthenticateAnswer } from '@carillon/hooks';
import type { PublishPacket, PublishProperties } from '@carillon/protocol';
import type { PacketClient, PublishOptions } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { brokerUnderTest } from './broker-under-test.ts';

const everything: PublishProperties = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 60,
  contentType: 'text/plain',
  responseTopic: 'answers',
  correlationData: Uint8Array.of(1, 2, 3),
  userProperties: [
    ['unit', 'celsius'],
    ['unit', 'kelvin'],
  ],
};

type World = ReturnType<typeof brokerUnderTest>;

/** Two who subscribe to the same: one takes aliases, the other does not. */
async function audienceOf({ connect }: World, filter: string) {
  const plain = await connect({ clientId: 'plain' });
  const aliased = await connect({ clientId: 'aliased', properties: { topicAliasMaximum: 5 } });
  for (const client of [plain, aliased]) await client.subscribe(filter, { qos: 1 });
  return { plain, aliased };
}

async function messagesOf(client: PacketClient): Promise<PublishPacket[]> {
  return (await client.receiveAll()).filter((packet) => packet.type === 'publish');
}

/** As a client takes them: with the topics that the aliases stand for. */
function withTopics(messages: readonly PublishPacket[]) {
  const topics = new Map<number | undefined, string>();
  return messages.map(({ topic, properties: { topicAlias, ...properties }, ...packet }) => {
    if (topicAlias !== undefined && topic !== '') topics.set(topicAlias, topic);
    return { ...packet, properties, topic: topic === '' ? topics.get(topicAlias) : topic };
  });
}

test.each([
  { what: 'no properties', properties: {} },
  { what: 'every property', properties: everything },
  { what: 'more properties than one length byte counts', properties: { contentType: 'x'.repeat(200) } },
])('an alias leaves $what as they are, at any QoS and size', async ({ properties }) => {
  const world = brokerUnderTest();
  const { plain, aliased } = await audienceOf(world, 'readings/#');
  const alice = await world.connect({ clientId: 'alice' });
  const older = await world.connect({ clientId: 'older' }, { protocolVersion: 4 });
  for (const size of [0, 100, 3000, 9000]) {
    for (const qos of [0, 1] as const) {
      for (const own of [properties, { ...properties, topicAlias: 2 }, { topicAlias: 2, ...properties }]) {
        await alice.publish('readings/7', 'x'.repeat(size), { qos, properties: own });
      }
      await alice.publish('', 'y'.repeat(size), { qos, properties: { ...properties, topicAlias: 2 } });
      await older.publish('readings/7', 'z'.repeat(size), { qos });
    }
  }
  const seen = await messagesOf(aliased);
  expect(seen.map(({ topic, properties: { topicAlias } }) => [topic, topicAlias])).toEqual(
    seen.map((_, index) => [index === 0 ? 'readings/7' : '', 1]),
  );
  expect(withTopics(seen)).toEqual(await messagesOf(plain));
  expect(seen).toHaveLength(4 * 2 * 5);
});

test('[MQTT-3.3.2-6] what has waited for a hook is sent by its alias with the rest of its expiry', async () => {
  const waiting: (() => void)[] = [];
  const hooks = { authorizePublish: () => new Promise<boolean>((go) => waiting.push(() => go(true))) };
  const world = brokerUnderTest({}, hooks);
  const { aliased } = await audienceOf(world, 'a');
  const alice = await world.connect({ clientId: 'alice' });
  const how: PublishOptions = { properties: { messageExpiryInterval: 60, topicAlias: 3 } };
  for (const topic of ['a', '', '']) alice.publishOnly(topic, 'x', how);
  for (const milliseconds of [2000, 2000, 3000]) {
    await world.laboratory.advance(milliseconds);
    waiting.shift()?.();
    await world.laboratory.settle();
  }
  const seen = await messagesOf(aliased);
  expect(seen.map(({ topic, properties }) => [topic, properties])).toEqual([
    ['a', { messageExpiryInterval: 58, topicAlias: 1 }],
    ['', { messageExpiryInterval: 58, topicAlias: 1 }],
    ['', { messageExpiryInterval: 57, topicAlias: 1 }],
  ]);
});

test('[MQTT-3.1.2-24] a packet that an alias makes too long goes without', async () => {
  const world = brokerUnderTest();
  const client = await world.connect({ properties: { topicAliasMaximum: 5, maximumPacketSize: 40 } });
  await client.subscribe('t');
  const alice = await world.connect({ clientId: 'alice' });
  // Header, topic and Property Length take 6 bytes, with an alias and no topic 8.
  for (const size of [10, 32, 33, 34, 35]) await alice.publish('t', 'x'.repeat(size));
  const seen = await messagesOf(client);
  expect(
    seen.map(({ topic, properties, payload }) => [topic, properties.topicAlias, payload.length]),
  ).toEqual([
    ['t', 1, 10],
    ['', 1, 32],
    ['t', undefined, 33],
    ['t', undefined, 34],
  ]);
});

test('the topics of a publisher below a mount point are never taken for those of others', async () => {
  const authenticate = ({ clientId }: { clientId: string }): AuthenticateAnswer =>
    clientId !== 'alice' || { allow: true, mountPoint: 'tenant/' };
  const world = brokerUnderTest({}, { authenticate });
  const { plain, aliased } = await audienceOf(world, 'tenant/#');
  const alice = await world.connect({ clientId: 'alice' });
  const properties = { topicAlias: 1, responseTopic: 'answers' };
  for (const topic of ['a', '', '']) await alice.publish(topic, 'x', { properties });
  const seen = withTopics(await messagesOf(aliased));
  expect(seen.map(({ topic, properties: own }) => [topic, own])).toEqual(
    [1, 2, 3].map(() => ['tenant/a', { responseTopic: 'tenant/answers' }]),
  );
  expect(seen).toEqual(await messagesOf(plain));
});

test('a payload that came in several chunks goes by an alias in those pieces', async () => {
  const world = brokerUnderTest();
  const likeASocket = { channel: { cut: 65_536, capacity: 1_000_000 } } as const;
  const client = await world.connect({ properties: { topicAliasMaximum: 5 } }, likeASocket);
  await client.subscribe('t', { qos: 1 });
  const alice = await world.connect({ clientId: 'alice' }, likeASocket);
  const large = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
  await alice.publish('t', 'x', { properties: { topicAlias: 1 } });
  for (const qos of [0, 1] as const) {
    for (const topic of ['t', '']) {
      const properties = topic === '' ? { topicAlias: 1 } : { contentType: 'x' };
      await alice.publish(topic, large, { qos, properties });
    }
  }
  const [, ...seen] = await messagesOf(client);
  expect(seen.map(({ topic, properties: { topicAlias } }) => [topic, topicAlias])).toEqual(
    seen.map(() => ['', 1]),
  );
  expect(seen.map(({ payload }) => Buffer.compare(payload, large))).toEqual([0, 0, 0, 0]);
});
