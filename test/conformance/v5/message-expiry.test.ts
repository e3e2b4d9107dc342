import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { recordDrops } from '../drops.ts';
import { textsIn } from '../messages.ts';

const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 3600 } };

test('[MQTT-3.3.2-6] an interval is passed on whole to who gets the message at once', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  for (const qos of [0, 1, 2] as const) {
    await alice.publish('a', 'x', { qos, properties: { messageExpiryInterval: 10 } });
    expect((await bob.receiveMessage()).properties).toEqual({ messageExpiryInterval: 10 });
  }
});

test('[MQTT-3.3.2-6] the interval goes down while the message waits for its receiver', async () => {
  const { connect, laboratory } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1, properties: { messageExpiryInterval: 100 } });
  await laboratory.advance(30_000);
  const again = await connect(durable);
  await again.expect('publish', { properties: { messageExpiryInterval: 70 } });
});

test('[MQTT-3.3.2-6] the interval goes down while the message waits for a place in the window', async () => {
  const { connect, laboratory } = world();
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'first', { qos: 1 });
  await alice.publish('a', 'second', { qos: 1, properties: { messageExpiryInterval: 100 } });
  const first = await bob.expect('publish');
  await laboratory.advance(60_000);
  await bob.ack(first);
  await bob.expect('publish', { properties: { messageExpiryInterval: 40 } });
});

test('[MQTT-3.3.2-6] a part of a second does not count', async () => {
  const { connect, laboratory } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1, properties: { messageExpiryInterval: 10 } });
  await laboratory.advance(9_999);
  const again = await connect(durable);
  await again.expect('publish', { properties: { messageExpiryInterval: 1 } });
});

test('[MQTT-3.3.2-5] a copy whose time ran out while it waited is deleted, and that is told', async () => {
  const { connect, laboratory, broker } = world();
  const drops = recordDrops(broker);
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'short', { qos: 1, properties: { messageExpiryInterval: 10 } });
  await alice.publish('a', 'long', { qos: 1, properties: { messageExpiryInterval: 100 } });
  await alice.publish('a', 'for ever', { qos: 1 });
  await laboratory.advance(10_000);
  const again = await connect(durable);
  expect(textsIn(await again.receiveAll())).toEqual(['long', 'for ever']);
  expect(drops).toEqual([{ reason: 'expired', clientId: 'bob', text: 'short' }]);
  expect(broker.session('bob')?.queued).toBe(0);
});

test('[MQTT-3.3.2-5] a copy whose time ran out behind a full window is deleted', async () => {
  const { connect, laboratory } = world();
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'first', { qos: 1 });
  await alice.publish('a', 'second', { qos: 1, properties: { messageExpiryInterval: 5 } });
  await alice.publish('a', 'third', { qos: 1 });
  const first = await bob.expect('publish');
  await laboratory.advance(5_000);
  await bob.ack(first);
  expect((await bob.receiveMessage()).text).toBe('third');
  await bob.expectNothing();
});

test('[MQTT-3.3.2-5] what expires for one receiver has reached the others', async () => {
  const { connect, laboratory } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const present = await connect('present');
  await present.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1, properties: { messageExpiryInterval: 1 } });
  expect((await present.receiveMessage()).text).toBe('x');
  await laboratory.advance(1_000);
  await (await connect(durable)).expectNothing();
});

test('[§3.3.2.3.3, MQTT-4.3.3-7] once it was sent a message does not expire: it is sent again', async () => {
  const { connect, laboratory } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'one', { qos: 1, properties: { messageExpiryInterval: 5 } });
  await alice.publish('a', 'two', { qos: 2, properties: { messageExpiryInterval: 5 } });
  const sent = [await bob.expect('publish'), await bob.expect('publish')];
  await bob.drop();
  await laboratory.advance(60_000);
  const again = await connect(durable);
  for (const { packetId, qos } of sent) {
    await again.expect('publish', { packetId, qos, dup: true, properties: { messageExpiryInterval: 0 } });
  }
});

test('[MQTT-4.3.3-7] the exchange of an expired QoS 2 message towards a client goes to its end', async () => {
  const { connect, laboratory } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2, properties: { messageExpiryInterval: 5 } });
  const { packetId } = await bob.expect('publish');
  await laboratory.advance(60_000);
  bob.send({ type: 'pubrec', packetId });
  await bob.expect('pubrel', { packetId, reasonCode: 0 });
});

test('[MQTT-4.3.3-13] the exchange of an expired QoS 2 message from a client goes to its end', async () => {
  const { connect, laboratory } = world();
  const alice = await connect('alice');
  alice.publishOnly('a', 'x', { qos: 2, packetId: 5, properties: { messageExpiryInterval: 1 } });
  await alice.expect('pubrec', { packetId: 5 });
  await laboratory.advance(60_000);
  alice.publishOnly('a', 'x', { qos: 2, packetId: 5, dup: true, properties: { messageExpiryInterval: 1 } });
  await alice.expect('pubrec', { packetId: 5, reasonCode: 0 });
  alice.send({ type: 'pubrel', packetId: 5 });
  await alice.expect('pubcomp', { packetId: 5, reasonCode: 0 });
});

test.each([0, 1, 2] as const)(
  '[§3.3.2.3.3] (open) an interval of 0 reaches who is there, and waits for nobody, at QoS %i',
  async (qos) => {
    const { connect, laboratory } = world();
    const away = await connect(durable);
    await away.subscribe('a', { qos: 2 });
    await away.disconnect();
    const present = await connect('present');
    await present.subscribe('a', { qos: 2 });
    const alice = await connect('alice');
    await alice.publish('a', 'x', { qos, properties: { messageExpiryInterval: 0 } });
    expect(await present.receiveMessage()).toMatchObject({
      text: 'x',
      properties: { messageExpiryInterval: 0 },
    });
    await laboratory.advance(1);
    await (await connect(durable)).expectNothing();
  },
);

test('[MQTT-3.3.2-5] what has expired makes room in a full queue', async () => {
  const { connect, laboratory, broker } = world({ limits: { maximumQueuedMessages: 2 } });
  const drops = recordDrops(broker);
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  const properties = { messageExpiryInterval: 5 };
  await alice.publish('a', 'stale 1', { qos: 1, properties });
  await alice.publish('a', 'stale 2', { qos: 1, properties });
  await laboratory.advance(5_000);
  await alice.publish('a', 'fresh 1', { qos: 1 });
  await alice.publish('a', 'fresh 2', { qos: 1 });
  expect(drops.map(({ reason, text }) => [reason, text])).toEqual([
    ['expired', 'stale 1'],
    ['expired', 'stale 2'],
  ]);
  expect(textsIn(await (await connect(durable)).receiveAll())).toEqual(['fresh 1', 'fresh 2']);
});

test('[MQTT-3.3.2-5, §4.8.2] a copy that has expired is not given to another member of a share group', async () => {
  const { connect, laboratory, broker } = world();
  const drops = recordDrops(broker);
  const bob = await connect({ ...durable, properties: { sessionExpiryInterval: 10 } });
  await bob.subscribe('$share/g/a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'stale', { qos: 1, properties: { messageExpiryInterval: 5 } });
  await alice.publish('a', 'fresh', { qos: 1 });
  const carol = await connect('carol');
  await carol.subscribe('$share/g/a', { qos: 1 });
  await laboratory.advance(10_000);
  expect(textsIn(await carol.receiveAll())).toEqual(['fresh']);
  expect(drops).toEqual([{ reason: 'expired', clientId: 'bob', text: 'stale' }]);
});
