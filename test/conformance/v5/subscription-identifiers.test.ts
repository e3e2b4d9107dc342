import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { messagesIn } from '../messages.ts';

const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test.each([1, 127, 128, 268_435_455])(
  '[§3.8.2.1.2] messages carry the identifier %i of the subscription that they match',
  async (subscriptionIdentifier) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a', { qos: 2, properties: { subscriptionIdentifier } });
    await bob.subscribe('b', { qos: 2 });
    const alice = await connect('alice');
    for (const qos of [0, 1, 2] as const) {
      await alice.publish('a', 'x', { qos });
      const message = await bob.receiveMessage();
      expect(message.properties).toEqual({ subscriptionIdentifiers: [subscriptionIdentifier] });
      await alice.publish('b', 'x', { qos });
      expect((await bob.receiveMessage()).properties).toEqual({});
    }
  },
);

test('[§3.8.2.1.2] all filters of one SUBSCRIBE have its identifier', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe(['a', 'b'], { properties: { subscriptionIdentifier: 7 } });
  const alice = await connect('alice');
  for (const topic of ['a', 'b']) {
    await alice.publish(topic, 'x');
    await bob.expect('publish', { topic, properties: { subscriptionIdentifiers: [7] } });
  }
});

test('[§3.8.2.1.2] identifier 0 is a protocol error', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('82 09 00 01 02 0b 00 00 01 61 00');
  await bob.expectDisconnect(0x82);
});

test('[§3.8.2.1.2] two identifiers in one SUBSCRIBE are a protocol error', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('82 0b 00 01 04 0b 01 0b 02 00 01 61 00');
  await bob.expectDisconnect(0x82);
});

test('[MQTT-3.8.4-3, §3.8.4] subscribing again replaces the identifier, and without one removes it', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  const alice = await connect('alice');
  for (const subscriptionIdentifier of [1, 2, undefined]) {
    const properties = subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier };
    await bob.subscribe('a', { properties });
    await alice.publish('a', 'x');
    const expected =
      subscriptionIdentifier === undefined ? {} : { subscriptionIdentifiers: [subscriptionIdentifier] };
    await bob.expect('publish', { properties: expected });
  }
});

test('[§4.1] identifiers are kept with the session', async () => {
  const { connect } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1, properties: { subscriptionIdentifier: 9 } });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'while away', { qos: 1 });
  const again = await connect(durable);
  await again.expect('publish', { properties: { subscriptionIdentifiers: [9] } });
  await alice.publish('a', 'live', { qos: 1 });
  await again.expect('publish', { properties: { subscriptionIdentifiers: [9] } });
});

test('[MQTT-3.3.4-3, MQTT-3.3.4-4] one copy lists the identifiers of all subscriptions that match', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a/b', { properties: { subscriptionIdentifier: 1 } });
  await bob.subscribe('a/+', { properties: { subscriptionIdentifier: 2 } });
  await bob.subscribe('#');
  await bob.subscribe('other', { properties: { subscriptionIdentifier: 3 } });
  const alice = await connect('alice');
  await alice.publish('a/b', 'x');
  const [message, ...more] = messagesIn(await bob.receiveAll());
  expect(more).toEqual([]);
  expect(message?.properties.subscriptionIdentifiers?.toSorted()).toEqual([1, 2]);
});

test('[MQTT-3.3.4-4, §3.3.4] (open) an identifier that several matching subscriptions have is repeated', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe(['a/b', 'a/+'], { properties: { subscriptionIdentifier: 5 } });
  const alice = await connect('alice');
  await alice.publish('a/b', 'x');
  await bob.expect('publish', { properties: { subscriptionIdentifiers: [5, 5] } });
  await bob.expectNothing();
});

test('[MQTT-3.3.4-3] receivers of one message get each their own identifiers', async () => {
  const { connect } = world();
  const clients = [await connect('one'), await connect('two'), await connect('three')];
  for (const [index, client] of clients.entries()) {
    await client.subscribe('a', { properties: { subscriptionIdentifier: index + 1 } });
  }
  const alice = await connect('alice');
  await alice.publish('a', 'x');
  for (const [index, client] of clients.entries()) {
    await client.expect('publish', { properties: { subscriptionIdentifiers: [index + 1] } });
  }
});

test('[§3.3.2.3.8] after UNSUBSCRIBE the identifier of a subscription that is gone is sent no more', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { properties: { subscriptionIdentifier: 1 } });
  await bob.subscribe('+', { properties: { subscriptionIdentifier: 2 } });
  await bob.unsubscribe('a');
  const alice = await connect('alice');
  await alice.publish('a', 'x');
  await bob.expect('publish', { properties: { subscriptionIdentifiers: [2] } });
});
