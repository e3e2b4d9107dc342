import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { heldStore } from '../held-store.ts';
import { numbered, textsIn } from '../messages.ts';

const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test.each([0, 1, 2] as const)(
  '[MQTT-4.6.0-5, MQTT-4.6.0-6] live messages of QoS %i come in the order in which the broker got them',
  async (qos) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a', { qos });
    const alice = await connect('alice');
    for (const text of numbered('m', 80)) alice.publishOnly('a', text, { qos });
    expect(textsIn(await bob.receiveAll())).toEqual(numbered('m', 80));
  },
);

test.each([1, 2] as const)(
  '[MQTT-4.6.0-5, MQTT-4.6.0-6] with a small window, away and back, messages of QoS %i keep their order',
  async (qos) => {
    const { connect } = world();
    const small = { ...durable, properties: { sessionExpiryInterval: 60, receiveMaximum: 3 } };
    let bob = await connect(small);
    await bob.subscribe('a', { qos });
    const alice = await connect('alice');
    const texts = numbered('m', 60);
    const seen: string[] = [];
    for (const [index, text] of texts.entries()) {
      await alice.publish('a', text, { qos });
      if (index % 10 === 4) await bob.drop();
      if (index % 10 === 7) bob = await connect(small);
      if (index % 3 === 0 && !bob.closed && bob.unread > 0) seen.push((await bob.receiveMessage()).text);
    }
    while (bob.unread > 0) seen.push((await bob.receiveMessage()).text);
    // Sent again means seen again: what counts is the order of first sight.
    expect([...new Set(seen)]).toEqual(texts);
  },
);

test('[MQTT-4.6.0-5] order holds where the grant lowers the QoS to one', async () => {
  const { connect } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  const texts = numbered('m', 30);
  for (const [index, text] of texts.entries()) alice.publishOnly('a', text, { qos: index % 2 === 0 ? 2 : 1 });
  expect(textsIn(await bob.receiveAll())).toEqual(texts);
});

test('[MQTT-4.6.0-5] order holds while the store is slow', async () => {
  const store = heldStore();
  const { connect } = world({ persistence: store });
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  const seen: string[] = [];
  for (const text of numbered('m', 10)) {
    store.hold();
    alice.publishOnly('a', text, { qos: 2 });
    await alice.settle();
    store.release();
    if (text === 'm 5') seen.push(...textsIn(await bob.receiveAll()));
  }
  seen.push(...textsIn(await bob.receiveAll()));
  expect(seen).toEqual(numbered('m', 10));
});

test('[MQTT-4.6.0-1] what follows a QoS 2 message whose identifier is still being stored keeps its place behind it', async () => {
  const store = heldStore();
  const { connect } = world({ persistence: store });
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  store.hold();
  alice.publishOnly('a', 'first', { qos: 2 });
  await alice.settle();
  // The message is stored; that it is in flight, and under which identifier, is not yet.
  store.releaseOne();
  await alice.settle();
  alice.publishOnly('a', 'second', { qos: 1 });
  await bob.expectNothing();
  store.release();
  expect(textsIn(await bob.receiveAll())).toEqual(['first', 'second']);
  await bob.drop();
  expect(textsIn(await (await connect(durable)).receiveAll())).toEqual(['first', 'second']);
});

test('[MQTT-4.6.0-5] each publisher’s messages keep their order, however the publishers mix', async () => {
  const { connect } = world({}, { arrivals: 'mixed', seed: 'publishers' });
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 1 });
  const publishers = [await connect('p1'), await connect('p2'), await connect('p3')];
  for (let count = 1; count <= 20; count++) {
    for (const publisher of publishers) publisher.publishOnly('a', `${publisher.name} ${count}`, { qos: 1 });
    if (count % 5 === 0) await publishers[0]?.settle();
  }
  const texts = textsIn(await bob.receiveAll());
  for (const { name } of publishers) {
    expect(texts.filter((text) => text.startsWith(name))).toEqual(numbered(name, 20));
  }
});

test('[MQTT-4.6.0-6] new messages stay behind the backlog of a session that has come back', async () => {
  const { connect } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  for (const text of numbered('m', 300)) alice.publishOnly('a', text, { qos: 1 });
  await alice.settle();
  const again = await connect(durable);
  for (const text of numbered('m', 300, 301)) alice.publishOnly('a', text, { qos: 1 });
  for (const text of numbered('m', 600)) expect((await again.receiveMessage()).text).toBe(text);
  await again.expectNothing();
});

test('[MQTT-4.6.0-5] while a hook thinks about one message, the later ones of that client wait for it', async () => {
  const { connect, broker, laboratory } = world();
  broker.use({
    name: 'thinker',
    hooks: {
      authorizePublish: ({ message }) =>
        message.topic === 'slow'
          ? new Promise((resolve) => laboratory.clock.schedule(100, () => resolve(true)))
          : true,
    },
  });
  const bob = await connect('bob');
  await bob.subscribe('#');
  const alice = await connect('alice');
  const carol = await connect('carol');
  alice.publishOnly('slow', 'alice 1');
  alice.publishOnly('fast', 'alice 2');
  carol.publishOnly('fast', 'carol 1');
  expect(textsIn(await bob.receiveAll())).toEqual(['carol 1']);
  await laboratory.advance(100);
  expect(textsIn(await bob.receiveAll())).toEqual(['alice 1', 'alice 2']);
});

test('[§4.6] (open) a live message may come before older retained ones that the window holds back', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const topic of ['a', 'b', 'c']) await alice.publish(topic, 'old', { retain: true, qos: 1 });
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('+', { qos: 1 });
  const first = await bob.expect('publish', { topic: 'a', retain: true });
  await alice.publish('c', 'new', { retain: true, qos: 1 });
  await bob.ack(first);
  expect(await bob.receiveMessage()).toMatchObject({ topic: 'c', text: 'new', retain: false });
  expect(await bob.receiveMessage()).toMatchObject({ topic: 'b', text: 'old', retain: true });
  // It is retained as it is now: nobody gets an old state after the new one.
  expect(await bob.receiveMessage()).toMatchObject({ topic: 'c', text: 'new', retain: true });
  await bob.expectNothing();
});
