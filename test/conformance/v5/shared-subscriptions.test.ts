import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { recordDrops } from '../drops.ts';
import { messagesIn, numbered, textOf, textsIn } from '../messages.ts';

test.each(['$share/', '$share/g', '$share//a', '$share/g/', '$share//'])(
  '[MQTT-4.8.2-1] a shared filter needs a ShareName and a filter: %s ends the connection with 0x8F',
  async (filter) => {
    const { connect } = world();
    const bob = await connect('bob');
    bob.send({ type: 'subscribe', packetId: 1, subscriptions: [filter] });
    await bob.expectDisconnect(0x8f);
  },
);

test.each(['$share/g+/a', '$share/+/a', '$share/#/a', '$share/g/a#', '$share/g/+a', '$share/g/#/a'])(
  '[MQTT-4.8.2-2] neither wildcards in the ShareName nor an ill-formed filter: %s ends the connection with 0x8F',
  async (filter) => {
    const { connect } = world();
    const bob = await connect('bob');
    bob.send({ type: 'subscribe', packetId: 1, subscriptions: [filter] });
    await bob.expectDisconnect(0x8f);
  },
);

test('[MQTT-4.8.2-2] what follows the ShareName is an ordinary filter, a slash at its beginning too', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  expect((await bob.subscribe(['$share/g//a', '$share/$share/+/b', '$share/ ü/#'])).reasonCodes).toEqual([
    0, 0, 0,
  ]);
  await bob.unsubscribe('$share/ ü/#');
  const alice = await connect('alice');
  await alice.publish('/a', 'x');
  await alice.publish('a', 'y');
  await alice.publish('c/b', 'z');
  expect(textsIn(await bob.receiveAll())).toEqual(['x', 'z']);
});

test('[§4.8.2] $share without a slash is a topic like others', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  expect((await bob.subscribe(['$share', '$shared/a'])).reasonCodes).toEqual([0, 0]);
  const alice = await connect('alice');
  await alice.publish('$share', 'x');
  await alice.publish('$shared/a', 'y');
  expect(textsIn(await bob.receiveAll())).toEqual(['x', 'y']);
});

test('[§4.8.2] each message goes to one member of a group, in turn', async () => {
  const { connect } = world();
  const members = [await connect('one'), await connect('two'), await connect('three')];
  for (const member of members) await member.subscribe('$share/g/a/+', { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 9)) await alice.publish('a/b', text, { qos: 1 });
  const seen = await Promise.all(members.map(async (member) => textsIn(await member.receiveAll())));
  expect(seen.map((texts) => texts.length)).toEqual([3, 3, 3]);
  expect(seen.flat().toSorted()).toEqual(numbered('m', 9));
});

test('[§4.8.2] a group is a ShareName and a filter: every group gets its own copy', async () => {
  const { connect, broker } = world();
  const filters = ['$share/g/a/b', '$share/h/a/b', '$share/g/a/+', '$share/g/#', 'a/b'];
  const clients = await Promise.all(filters.map((filter) => connect(filter)));
  for (const client of clients) await client.subscribe(client.name);
  const alice = await connect('alice');
  await alice.publish('a/b', 'x');
  for (const client of clients) expect(textsIn(await client.receiveAll())).toEqual(['x']);
  expect([...broker.shares()].map(({ shareName, filter }) => [shareName, filter])).toEqual(
    expect.arrayContaining([
      ['g', 'a/b'],
      ['h', 'a/b'],
      ['g', 'a/+'],
      ['g', '#'],
    ]),
  );
});

test('[§4.8.2] a client may get a message by several groups and by itself: a copy for each, with its identifier', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe(['$share/g/a'], { properties: { subscriptionIdentifier: 1 } });
  await bob.subscribe(['$share/h/a'], { properties: { subscriptionIdentifier: 2 } });
  await bob.subscribe('a', { properties: { subscriptionIdentifier: 3 } });
  await bob.subscribe('+', { properties: { subscriptionIdentifier: 4 } });
  const alice = await connect('alice');
  await alice.publish('a', 'x');
  const copies = messagesIn(await bob.receiveAll()).map(({ properties }) =>
    properties.subscriptionIdentifiers?.toSorted(),
  );
  expect(copies.toSorted()).toEqual([[1], [2], [3, 4]]);
});

test('[§4.8.2] subscribing twice is one membership', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  const carol = await connect('carol');
  for (const client of [bob, bob, bob, carol]) await client.subscribe('$share/g/a');
  expect([...broker.shares()]).toMatchObject([{ members: ['bob', 'carol'] }]);
  const alice = await connect('alice');
  for (const text of numbered('m', 4)) await alice.publish('a', text);
  expect(textsIn(await bob.receiveAll())).toHaveLength(2);
  expect(textsIn(await carol.receiveAll())).toHaveLength(2);
});

test('[MQTT-4.8.2-3] a shared message has the QoS granted to the member chosen, and its identifier', async () => {
  const { connect } = world();
  const members = [];
  for (const qos of [0, 1, 2] as const) {
    const member = await connect(`member ${qos}`);
    const properties = { subscriptionIdentifier: qos + 1 };
    await member.subscribe('$share/g/a', { qos, properties });
    members.push({ member, qos, properties });
  }
  const alice = await connect('alice');
  for (let count = 0; count < 3; count++) await alice.publish('a', 'x', { qos: 2 });
  for (const { member, qos } of members) {
    expect(await member.receiveMessage()).toMatchObject({
      qos,
      properties: { subscriptionIdentifiers: [qos + 1] },
    });
    await member.expectNothing();
  }
});

test('[MQTT-3.8.4-3] subscribing again to a group replaces QoS and identifier', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('$share/g/a', { qos: 2, properties: { subscriptionIdentifier: 1 } });
  await bob.subscribe('$share/g/a', { qos: 1, retainAsPublished: true });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2, retain: true });
  await bob.expect('publish', { qos: 1, retain: true, properties: {} });
  await bob.expectNothing();
});

test.each([0, 1, 2] as const)(
  '[§4.8.2, §3.8.4] a shared subscription gets no retained messages, with Retain Handling %i',
  async (retainHandling) => {
    const { connect } = world();
    const alice = await connect('alice');
    await alice.publish('a', 'retained', { retain: true });
    const bob = await connect('bob');
    await bob.subscribe('$share/g/a', { retainHandling });
    await bob.subscribe('$share/g/a', { retainHandling });
    await bob.expectNothing();
  },
);

test('[MQTT-4.7.2-1] a shared filter that begins with a wildcard does not match $ topics, nor its own prefix', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe(['$share/g/#', '$share/g/+/a']);
  const alice = await connect('alice');
  await alice.publish('$other/a', 'x');
  await bob.expectNothing();
  await alice.publish('b/a', 'x');
  expect(textsIn(await bob.receiveAll())).toEqual(['x', 'x']);
});

test('[§4.8.2] who publishes can be the member that gets the message', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('$share/g/a');
  expect((await bob.publish('a', 'mine', { qos: 1 })).reasonCode).toBe(0);
  expect(textsIn(await bob.receiveAll())).toEqual(['mine']);
});

test('[§4.8.2] members that are there come before those that are away', async () => {
  const { connect, broker } = world();
  const away = await connect({ clientId: 'away', properties: { sessionExpiryInterval: 60 } });
  await away.subscribe('$share/g/a', { qos: 1 });
  await away.disconnect();
  const here = await connect('here');
  await here.subscribe('$share/g/a', { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 4)) await alice.publish('a', text, { qos: 1 });
  expect(textsIn(await here.receiveAll())).toEqual(numbered('m', 4));
  expect(broker.session('away')?.queued).toBe(0);
});

test('[§4.8.2] when all members are away the messages wait with them', async () => {
  const { connect, broker } = world();
  const names = ['one', 'two'];
  for (const clientId of names) {
    const member = await connect({ clientId, properties: { sessionExpiryInterval: 60 } });
    await member.subscribe('$share/g/a', { qos: 1 });
    await member.disconnect();
  }
  const alice = await connect('alice');
  for (const text of numbered('m', 4))
    expect((await alice.publish('a', text, { qos: 1 })).reasonCode).toBe(0);
  expect(names.map((clientId) => broker.session(clientId)?.queued)).toEqual([2, 2]);
  const seen = [];
  for (const clientId of names) {
    const member = await connect({ clientId, cleanStart: false });
    seen.push(...textsIn(await member.receiveAll()));
  }
  expect(seen.toSorted()).toEqual(numbered('m', 4));
});

test('[MQTT-4.8.2-6] a shared message that its receiver refuses is dropped, not offered to another', async () => {
  const { connect, broker } = world({ shareStrategy: 'sticky' });
  const drops = recordDrops(broker);
  const bob = await connect({ clientId: 'bob', properties: { sessionExpiryInterval: 60 } });
  await bob.subscribe('$share/g/a', { qos: 2 });
  const carol = await connect('carol');
  await carol.subscribe('$share/g/a', { qos: 2 });
  const alice = await connect('alice');
  for (const qos of [1, 2] as const) {
    await alice.publish('a', `at ${qos}`, { qos });
    const { packetId } = await bob.expect('publish', { qos });
    bob.send({ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode: 0x83 });
    await bob.expectNothing();
  }
  await bob.disconnect({ properties: { sessionExpiryInterval: 0 } });
  await carol.expectNothing();
  expect(drops.map(({ reason, text }) => [reason, text])).toEqual([
    ['refused-by-receiver', 'at 1'],
    ['refused-by-receiver', 'at 2'],
  ]);
});

test('[MQTT-4.8.2-4] a QoS 2 shared delivery that was cut off is finished with the same client', async () => {
  const { connect } = world({ shareStrategy: 'sticky' });
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe('$share/g/a', { qos: 2 });
  const carol = await connect('carol');
  await carol.subscribe('$share/g/a', { qos: 2 });
  const alice = await connect('alice');
  for (const text of ['one', 'two']) await alice.publish('a', text, { qos: 2 });
  const first = await bob.expect('publish');
  const second = await bob.expect('publish');
  bob.send({ type: 'pubrec', packetId: first.packetId });
  await bob.expect('pubrel');
  await bob.drop();
  await carol.expectNothing();

  const again = await connect(durable);
  await again.expect('pubrel', { packetId: first.packetId });
  const message = await again.expect('publish', { packetId: second.packetId, dup: true });
  expect(textOf(message)).toBe('two');
  await again.ack(message);
  await carol.expectNothing();
});

test('[§4.8.2] (open) a QoS 1 shared message in flight stays with a member whose session goes on', async () => {
  const { connect, laboratory } = world({ shareStrategy: 'sticky' });
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe('$share/g/a', { qos: 1 });
  const carol = await connect('carol');
  await carol.subscribe('$share/g/a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1 });
  await bob.expect('publish');
  await bob.drop();
  await laboratory.advance(30_000);
  await carol.expectNothing();
  await (await connect(durable)).expect('publish', { dup: true });
});

test('[§4.8.2] shared subscriptions of MQTT 3.1.1 and 5.0 clients are one group', async () => {
  const { connect, broker } = world();
  const old = await connect({ clientId: 'old', protocolVersion: 4 });
  expect((await old.subscribe('$share/g/a', { qos: 1 })).reasonCodes).toEqual([1]);
  const young = await connect('young');
  await young.subscribe('$share/g/a', { qos: 1 });
  expect([...broker.shares()]).toMatchObject([{ members: ['old', 'young'] }]);
  const alice = await connect('alice');
  for (const text of numbered('m', 4)) await alice.publish('a', text, { qos: 1 });
  expect(textsIn(await old.receiveAll())).toHaveLength(2);
  expect(textsIn(await young.receiveAll())).toHaveLength(2);
  await old.unsubscribe('$share/g/a');
  expect([...broker.shares()]).toMatchObject([{ members: ['young'] }]);
});

test('[§4.8.2] a shared subscription of MQTT 3.1.1 gets no retained messages either', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'retained', { retain: true });
  const old = await connect({ clientId: 'old', protocolVersion: 4 });
  await old.subscribe('$share/g/a');
  await old.expectNothing();
});

test.each([3, 4] as const)(
  '[§4.8.2] sharedSubscriptionsFor3 false refuses them to clients of version %i, and only them',
  async (protocolVersion) => {
    const { connect } = world({ sharedSubscriptionsFor3: false });
    const old = await connect({ clientId: 'old', protocolVersion });
    expect((await old.subscribe(['$share/g/a', 'b'])).reasonCodes).toEqual([0x80, 0]);
    const young = await connect('young');
    expect((await young.subscribe('$share/g/a')).reasonCodes).toEqual([0]);
    const alice = await connect('alice');
    await alice.publish('a', 'x');
    await old.expectNothing();
    expect(textsIn(await young.receiveAll())).toEqual(['x']);
  },
);

test('[§3.2.2.3.13] where shared subscriptions are not available they end the connection with 0x9E', async () => {
  const { connect } = world({ sharedSubscriptionAvailable: false });
  const bob = await connect('bob');
  expect(bob.connack.properties.sharedSubscriptionAvailable).toBe(0);
  bob.send({ type: 'subscribe', packetId: 1, subscriptions: ['$share/g/a'] });
  await bob.expectDisconnect(0x9e);
});

test('[§4.1, §4.8.2] a membership is part of the session: kept while away, gone with its end', async () => {
  const { connect, broker } = world();
  const bob = await connect({ clientId: 'bob', properties: { sessionExpiryInterval: 60 } });
  await bob.subscribe('$share/g/a');
  await bob.disconnect();
  expect([...broker.shares()]).toMatchObject([{ members: ['bob'] }]);
  const again = await connect({ clientId: 'bob', cleanStart: true });
  expect([...broker.shares()]).toEqual([]);
  const alice = await connect('alice');
  expect((await alice.publish('a', 'x', { qos: 1 })).reasonCode).toBe(0x10);
  await again.expectNothing();
});
