import { memoryStore } from '@carillon/persistence';
import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';
import { messagesIn, numbered, textsIn } from '../messages.ts';

const count = 3000;
const texts = numbered('m', count);

async function withManyRetained(there: BrokerWorld = world(), size = 0): Promise<BrokerWorld> {
  const publisher = await there.connect('publisher');
  for (const [index, text] of texts.entries()) {
    publisher.publishOnly(`many/${index}`, text.padEnd(size), { retain: true, qos: 1 });
  }
  await publisher.settle();
  await publisher.disconnect();
  return there;
}

function sorted(found: readonly string[]): string[] {
  return found
    .map((text) => text.trim())
    .toSorted((one, other) => Number(one.slice(2)) - Number(other.slice(2)));
}

test.each([0, 1, 2] as const)(
  '[MQTT-3.3.1-9] thousands of retained messages come each once, at QoS %i',
  async (qos) => {
    const { connect } = await withManyRetained();
    const bob = await connect('bob');
    await bob.subscribe('many/+', { qos });
    const seen: string[] = [];
    while (bob.unread > 0) {
      const message = await bob.receiveMessage();
      expect(message).toMatchObject({ qos: Math.min(qos, 1), retain: true, dup: false });
      seen.push(message.text);
    }
    expect(sorted(seen)).toEqual(texts);
  },
);

test.each([1, 2, 7])(
  '[MQTT-3.3.1-9, MQTT-3.3.4-9] with Receive Maximum %i they come as the window opens, each once',
  async (receiveMaximum) => {
    const { connect, broker } = await withManyRetained();
    const bob = await connect({ clientId: 'bob', properties: { receiveMaximum } });
    await bob.subscribe('many/#', { qos: 1 });
    const seen: string[] = [];
    while (seen.length < 400) {
      const messages = messagesIn(await bob.receiveAll());
      expect(messages).toHaveLength(receiveMaximum);
      seen.push(...textsIn(messages));
      for (const { packetId } of messages) bob.send({ type: 'puback', packetId });
    }
    expect(new Set(seen).size).toBe(seen.length);
    // The rest lies nowhere but among the retained messages.
    expect(broker.session('bob')?.queued).toBe(0);
  },
);

test('[MQTT-3.3.1-9] a slow reader gets thousands of retained messages as it reads, and loses none', async () => {
  const { connect } = await withManyRetained(world({ limits: { maximumOutputBytes: 20_000 } }), 1000);
  const bob = await connect('bob', { channel: { toClient: { capacity: 5000 } } });
  bob.stopReading();
  bob.send({ type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'many/+', qos: 0 }] });
  await bob.settle();
  bob.startReading();
  const packets = await bob.receiveAll();
  expect(sorted(textsIn(packets))).toEqual(texts);
});

test('[MQTT-3.3.1-9] others get their messages while thousands of retained ones are sent', async () => {
  const { connect } = await withManyRetained();
  const bob = await connect('bob');
  const carol = await connect('carol');
  await carol.subscribe('live');
  const alice = await connect('alice');
  bob.send({ type: 'subscribe', packetId: 1, subscriptions: ['many/+'] });
  alice.publishOnly('live', 'x');
  await carol.expect('publish', { topic: 'live' });
  expect(textsIn(await bob.receiveAll())).toHaveLength(count);
});

test('[MQTT-3.3.1-9] what is retained anew in the meantime comes as it is then, what is cleared does not come', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const topic of ['a', 'b', 'c', 'd']) await alice.publish(topic, 'old', { retain: true, qos: 1 });
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('+', { qos: 1 });
  const first = await bob.expect('publish', { topic: 'a' });
  const carol = await connect('carol');
  await carol.publish('c', '', { retain: true });
  await carol.publish('d', 'new', { retain: true });
  await bob.ack(first);
  const seen = [];
  while (bob.unread > 0) {
    const { topic, text, retain } = await bob.receiveMessage();
    if (retain) seen.push([topic, text]);
  }
  expect(seen).toEqual([
    ['b', 'old'],
    ['d', 'new'],
  ]);
});

test('[MQTT-3.3.1-9, §4.1] retained messages not yet sent when the connection ends wait in the session', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const topic of ['a', 'b', 'c']) await alice.publish(topic, topic, { retain: true, qos: 1 });
  const durable = {
    clientId: 'bob',
    cleanStart: false,
    properties: { sessionExpiryInterval: 60, receiveMaximum: 1 },
  };
  const bob = await connect(durable);
  await bob.subscribe('+', { qos: 1 });
  await bob.expect('publish', { topic: 'a' });
  await bob.drop();
  const again = await connect(durable);
  await again.subscribe('+', { qos: 1, retainHandling: 1 });
  const seen = [];
  while (again.unread > 0) {
    const { text, retain, dup } = await again.receiveMessage();
    seen.push([text, retain, dup]);
  }
  expect(seen).toEqual([
    ['a', true, true],
    ['b', true, false],
    ['c', true, false],
  ]);
});

test('[MQTT-3.3.1-5, §4.1] retained messages survive a restart of the broker, with their properties and their time', async () => {
  const persistence = memoryStore();
  const before = world({ persistence });
  const alice = await before.connect('alice');
  const properties = { contentType: 'c', userProperties: [['a', 'b']] } as const;
  await alice.publish('kept', 'x', {
    retain: true,
    qos: 2,
    properties: { ...properties, messageExpiryInterval: 100 },
  });
  await alice.publish('short', 'x', { retain: true, properties: { messageExpiryInterval: 10 } });
  await alice.publish('cleared', 'x', { retain: true });
  await alice.publish('cleared', '', { retain: true });
  await Promise.all([before.broker.close(), before.laboratory.settle()]);

  const { connect } = world({ persistence }, { startAt: before.laboratory.clock.now() + 30_000 });
  const bob = await connect('bob');
  await bob.subscribe('#', { qos: 2 });
  expect(messagesIn(await bob.receiveAll())).toMatchObject([
    { topic: 'kept', qos: 2, retain: true, properties: { ...properties, messageExpiryInterval: 70 } },
  ]);
});

test('[§3.8.4] SUBACK comes before the retained messages', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { retain: true });
  const bob = await connect('bob');
  bob.send({ type: 'subscribe', packetId: 1, subscriptions: ['a'] });
  await bob.expect('suback');
  await bob.expect('publish', { retain: true });
});
