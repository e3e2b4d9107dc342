import { describe, expect, test } from 'vitest';
import { textsIn } from '../messages.ts';
import { world311 } from './world311.ts';

/** A publisher, and what a newcomer gets that subscribes to everything. */
async function shelf() {
  const place = world311();
  const bob = await place.connect('bob');
  const kept = async (filter = '#') => {
    const reader = await place.connect();
    await reader.subscribe(filter, { qos: 2 });
    const received = await reader.receiveAll();
    await reader.disconnect();
    return received.map((packet) =>
      packet.type === 'publish'
        ? [packet.topic, new TextDecoder().decode(packet.payload), packet.qos]
        : packet.type,
    );
  };
  return { ...place, bob, kept };
}

test('[v3:MQTT-3.3.1-5] RETAIN 1 keeps the message with its QoS for later subscribers', async () => {
  const { bob, kept } = await shelf();
  for (const qos of [0, 1, 2] as const)
    await bob.publish(`topic/${qos}`, `qos ${qos}`, { qos, retain: true });
  expect((await kept()).sort()).toEqual([
    ['topic/0', 'qos 0', 0],
    ['topic/1', 'qos 1', 1],
    ['topic/2', 'qos 2', 2],
  ]);
});

test('[v3:MQTT-3.3.1-5] [v3:MQTT-3.3.1-7] the next one takes its place, also at QoS 0', async () => {
  const { bob, kept } = await shelf();
  await bob.publish('topic', 'old', { qos: 2, retain: true });
  await bob.publish('topic', 'new', { qos: 0, retain: true });
  expect(await kept()).toEqual([['topic', 'new', 0]]);
});

test('[v3:MQTT-3.3.1-6] a new subscription gets the retained message of every topic that it matches', async () => {
  const { bob, kept } = await shelf();
  for (const topic of ['a', 'a/1', 'a/2', 'b']) await bob.publish(topic, topic, { retain: true });
  expect((await kept('a/#')).map(([topic]) => topic).sort()).toEqual(['a', 'a/1', 'a/2']);
  expect((await kept('+')).map(([topic]) => topic).sort()).toEqual(['a', 'b']);
  expect((await kept('a/2')).map(([topic]) => topic)).toEqual(['a/2']);
  expect(await kept('c')).toEqual([]);
});

test('[v3:MQTT-3.3.1-6] [v3:MQTT-3.8.4-3] every SUBSCRIBE gets them, also one that repeats a filter', async () => {
  const { bob, connect } = await shelf();
  await bob.publish('topic', 'kept', { retain: true });
  const alice = await connect('alice');
  for (let time = 0; time < 3; time++) {
    await alice.subscribe('topic');
    expect(textsIn(await alice.receiveAll())).toEqual(['kept']);
  }
});

test('[v3:MQTT-3.3.1-6] a resumed subscription is not a new one, and gets none', async () => {
  const { bob, connect } = await shelf();
  const alice = await connect({ clientId: 'alice', cleanStart: false });
  await alice.subscribe('topic', { qos: 1 });
  await bob.publish('topic', 'kept', { qos: 1, retain: true });
  await alice.receiveMessage();
  await alice.disconnect();
  const again = await connect({ clientId: 'alice', cleanStart: false });
  await again.expectNothing();
});

test('[v3:MQTT-3.3.1-8] what comes for a new subscription has RETAIN 1', async () => {
  const { bob, connect } = await shelf();
  await bob.publish('topic', 'kept', { retain: true });
  const alice = await connect('alice');
  await alice.subscribe('topic');
  await alice.expect('publish', { retain: true });
});

test('[v3:MQTT-3.3.1-9] what comes live has RETAIN 0, whatever the publisher set', async () => {
  const { bob, connect } = await shelf();
  const alice = await connect('alice');
  await alice.subscribe('topic', { qos: 1 });
  await bob.publish('topic', 'live', { qos: 1, retain: true });
  await alice.expect('publish', { retain: false });
});

test('[v3:MQTT-3.3.1-9] and so has what waited for a client that was away', async () => {
  const { bob, connect } = await shelf();
  const alice = await connect({ clientId: 'alice', cleanStart: false });
  await alice.subscribe('topic', { qos: 1 });
  await alice.drop();
  await bob.publish('topic', 'waiting', { qos: 1, retain: true });
  const again = await connect({ clientId: 'alice', cleanStart: false });
  await again.expect('publish', { retain: false });
});

describe('RETAIN 1 without a payload', () => {
  test('[v3:MQTT-3.3.1-10] is passed on as usual', async () => {
    const { bob, connect } = await shelf();
    const alice = await connect('alice');
    await alice.subscribe('topic');
    await bob.publish('topic', '', { retain: true });
    await alice.expect('publish', { payload: new Uint8Array(), retain: false });
  });

  test('[v3:MQTT-3.3.1-10] wipes what was retained for its topic, and nothing else', async () => {
    const { bob, kept } = await shelf();
    await bob.publish('one', 'one', { retain: true });
    await bob.publish('two', 'two', { retain: true });
    await bob.publish('one', '', { qos: 1, retain: true });
    expect(await kept()).toEqual([['two', 'two', 0]]);
  });

  test('[v3:MQTT-3.3.1-11] is not retained itself', async () => {
    const { bob, kept, broker } = await shelf();
    await bob.publish('topic', '', { retain: true });
    expect(await kept()).toEqual([]);
    expect(broker.retained('topic')).toBeUndefined();
  });
});

test('[v3:MQTT-3.3.1-12] RETAIN 0 neither makes, replaces nor clears a retained message', async () => {
  const { bob, kept } = await shelf();
  await bob.publish('new', 'passing');
  await bob.publish('old', 'kept', { retain: true });
  await bob.publish('old', 'passing');
  await bob.publish('old', '');
  expect(await kept()).toEqual([['old', 'kept', 0]]);
});

test('[v3:MQTT-3.8.4-6] a retained message comes at the lower of its QoS and the grant', async () => {
  const { bob, connect } = await shelf();
  await bob.publish('topic', 'kept', { qos: 2, retain: true });
  const alice = await connect('alice');
  for (const qos of [0, 1, 2] as const) {
    await alice.subscribe('topic', { qos });
    expect((await alice.receiveMessage()).qos).toBe(qos);
  }
});

test('[v3:MQTT-4.7.2-1] a subscription to # or + fetches no retained $ topic', async () => {
  const { bob, kept } = await shelf();
  await bob.publish('$own/topic', 'kept', { retain: true });
  expect(await kept('#')).toEqual([]);
  expect(await kept('+/topic')).toEqual([]);
  expect(await kept('$own/#')).toEqual([['$own/topic', 'kept', 0]]);
});
