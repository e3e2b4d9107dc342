import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { messagesIn } from '../messages.ts';

test.each([0, 1, 2] as const)(
  '[MQTT-3.3.1-12] with Retain As Published 0 live messages of QoS %i have RETAIN 0',
  async (qos) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a', { qos, retainAsPublished: false });
    const alice = await connect('alice');
    for (const retain of [true, false]) {
      await alice.publish('a', 'x', { qos, retain });
      expect(await bob.receiveMessage()).toMatchObject({ qos, retain: false });
    }
  },
);

test.each([0, 1, 2] as const)(
  '[MQTT-3.3.1-13] with Retain As Published 1 live messages of QoS %i keep their RETAIN',
  async (qos) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a', { qos, retainAsPublished: true });
    const alice = await connect('alice');
    for (const retain of [true, false]) {
      await alice.publish('a', 'x', { qos, retain });
      expect(await bob.receiveMessage()).toMatchObject({ qos, retain });
    }
  },
);

test('[MQTT-3.3.1-12, MQTT-3.3.1-13] receivers of one message get each their own RETAIN', async () => {
  const { connect } = world();
  const plain = await connect('plain');
  await plain.subscribe('a');
  const asPublished = await connect('as published');
  await asPublished.subscribe('a', { retainAsPublished: true });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { retain: true });
  await plain.expect('publish', { retain: false });
  await asPublished.expect('publish', { retain: true });
});

test('[MQTT-3.3.1-13] RETAIN is kept for a message that waited while the client was away', async () => {
  const { connect } = world();
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe([
    { filter: 'kept', retainAsPublished: true, qos: 1 },
    { filter: 'plain', qos: 1 },
  ]);
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('kept', 'x', { retain: true, qos: 1 });
  await alice.publish('plain', 'x', { retain: true, qos: 1 });
  const again = await connect(durable);
  const flags = messagesIn(await again.receiveAll()).map(({ topic, retain }) => [topic, retain]);
  expect(flags).toEqual([
    ['kept', true],
    ['plain', false],
  ]);
});

test('[MQTT-3.3.1-12] a subscriber of MQTT 3.1.1 gets live messages with RETAIN 0', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', protocolVersion: 4 });
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1, retain: true });
  await bob.expect('publish', { topic: 'a', retain: false });
});

test('[MQTT-3.3.1-13] (open) where overlapping subscriptions differ, the one copy keeps RETAIN for whom wants it', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe(['a', { filter: '+', retainAsPublished: true }]);
  const carol = await connect('carol');
  await carol.subscribe([{ filter: 'a', retainAsPublished: true }, '+']);
  const alice = await connect('alice');
  await alice.publish('a', 'x', { retain: true });
  for (const client of [bob, carol]) {
    await client.expect('publish', { retain: true });
    await client.expectNothing();
  }
});
