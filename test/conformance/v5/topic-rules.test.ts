import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { textsIn } from '../messages.ts';

test.each(['a#', '#/a', 'a/#/b', '##', '/#/', 'a/b#'])(
  '[MQTT-4.7.1-1] (open) # stands alone and last: %s ends the connection with 0x8F',
  async (filter) => {
    const { connect, broker } = world();
    const bob = await connect('bob');
    bob.send({ type: 'subscribe', packetId: 1, subscriptions: ['fine', filter] });
    await bob.expectDisconnect(0x8f);
    // No filter of such a packet counts.
    expect(broker.counters().subscriptions).toBe(0);
  },
);

test.each(['a+', '+a', 'a/+b', 'a/b+/c', '++', '+#'])(
  '[MQTT-4.7.1-2] (open) + takes up a whole level: %s ends the connection with 0x8F',
  async (filter) => {
    const { connect } = world();
    const bob = await connect('bob');
    bob.send({ type: 'subscribe', packetId: 1, subscriptions: [filter] });
    await bob.expectDisconnect(0x8f);
  },
);

test('[MQTT-4.7.3-1] an empty filter ends the connection with 0x8F', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.send({ type: 'subscribe', packetId: 1, subscriptions: [''] });
  await bob.expectDisconnect(0x8f);
});

test('[MQTT-4.7.3-2] U+0000 in a topic or filter is malformed', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('30 07 00 03 61 00 62 00 78');
  await alice.expectDisconnect(0x81);
  const bob = await connect('bob');
  bob.sendBytes('82 09 00 01 00 00 03 61 00 62 00');
  await bob.expectDisconnect(0x81);
});

test('[MQTT-4.7.3-3, §4.7.3] a topic or filter above the broker’s own limits ends the connection', async () => {
  const { connect } = world({ limits: { maximumTopicBytes: 10, maximumTopicLevels: 3 } });
  const fine = await connect('fine');
  expect((await fine.subscribe(['1234567890', 'a/b/c', '$share/g/c'])).reasonCodes).toEqual([0, 0, 0]);
  await fine.publish('1234567890', 'x');
  await fine.publish('a/b/c', 'y');
  expect(textsIn(await fine.receiveAll())).toEqual(['x', 'y']);
  for (const topic of ['12345678901', 'ü'.repeat(6), 'a/b/c/d', '///']) {
    const publisher = await connect();
    publisher.publishOnly(topic, 'x');
    await publisher.expectDisconnect(0x90);
    const subscriber = await connect();
    subscriber.send({ type: 'subscribe', packetId: 1, subscriptions: [topic] });
    await subscriber.expectDisconnect(0x8f);
  }
});

test('[§4.7.2] a topic that only begins like $SYS is a topic like others', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('$SYSTEM/#', { qos: 1 });
  expect((await bob.publish('$SYSTEM/a', 'x', { qos: 1 })).reasonCode).toBe(0);
  expect(textsIn(await bob.receiveAll())).toEqual(['x']);
});

test.each(['$SYS', '$SYS/a', '$SYS/'])(
  '[§4.7.2] clients may not publish to %s: 0x87, and the client stays',
  async (topic) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe(['$SYS/#', '$SYS']);
    expect((await bob.publish(topic, 'x', { qos: 1 })).reasonCode).toBe(0x87);
    await bob.expectNothing();
  },
);
