import { describe, expect, test } from 'vitest';
import { textsIn } from '../messages.ts';
import { field, packetOf, RawClient } from '../wire.ts';
import { connect311, expectClosedUpon, world311 } from './world311.ts';

async function aliceAndBob() {
  const place = world311();
  return { ...place, alice: await place.connect('alice'), bob: await place.connect('bob') };
}

test('[v3:MQTT-3.10.3-2] an UNSUBSCRIBE without a filter closes', () =>
  expectClosedUpon(packetOf(0xa2, [0, 1])));

test('[v3:MQTT-3.10.3-1] filters that do not fill the packet exactly close', async () => {
  await expectClosedUpon(packetOf(0xa2, [0, 1], field('a'), [0]));
  await expectClosedUpon(packetOf(0xa2, [0, 1], [0, 5, 0x61]));
});

test('[v3:MQTT-3.10.4-5] (open) an UNSUBSCRIBE from what is no filter removes nothing, and is answered', async () => {
  const { alice, broker } = await aliceAndBob();
  await alice.subscribe('a');
  await alice.unsubscribe(['', 'a#', '#/a', 'a+']);
  expect(broker.subscriptions('alice')).toHaveLength(1);
});

test('[v3:MQTT-3.10.4-4] UNSUBSCRIBE is answered by UNSUBACK, which has the identifier and nothing else', async () => {
  const raw = new RawClient(world311());
  await raw.say(connect311());
  expect(await raw.say(packetOf(0xa2, [0x12, 0x34], field('a'), field('b')))).toBe('b0 02 12 34');
});

test('[v3:MQTT-3.10.4-5] UNSUBACK comes though nothing was removed', async () => {
  const { alice } = await aliceAndBob();
  alice.send({ type: 'unsubscribe', packetId: 5, filters: ['never subscribed'] });
  await alice.expect('unsuback', { packetId: 5 });
});

describe('what is removed', () => {
  test('[v3:MQTT-3.10.4-1] is the subscription of the same text: wildcards are not expanded', async () => {
    const { alice, bob } = await aliceAndBob();
    await alice.subscribe(['a/b', 'a/+', 'a/#']);
    await alice.unsubscribe('a/#');
    await alice.unsubscribe('a/+');
    await alice.unsubscribe('A/B');
    await bob.publish('a/b', 'still');
    expect(textsIn(await alice.receiveAll())).toEqual(['still']);
    await alice.unsubscribe('a/b');
    await bob.publish('a/b', 'gone');
    await alice.expectNothing();
  });

  test('[v3:MQTT-3.10.4-1] is one client’s own', async () => {
    const { alice, bob } = await aliceAndBob();
    await alice.subscribe('a');
    await bob.unsubscribe('a');
    await bob.publish('a', 'still');
    expect(textsIn(await alice.receiveAll())).toEqual(['still']);
  });

  test('[v3:MQTT-3.10.4-6] are all filters of the packet, answered by one UNSUBACK', async () => {
    const { alice, bob, broker } = await aliceAndBob();
    await alice.subscribe(['a', 'b', 'c']);
    await alice.unsubscribe(['a', 'unknown', 'c']);
    await alice.expectNothing();
    expect(broker.subscriptions('alice').map(({ filter }) => filter)).toEqual(['b']);
    for (const topic of ['a', 'b', 'c']) await bob.publish(topic, topic);
    expect(textsIn(await alice.receiveAll())).toEqual(['b']);
  });

  test('[v3:MQTT-3.10.4-1] stays removed when the session is resumed', async () => {
    const { connect, bob } = await aliceAndBob();
    const alice = await connect({ clientId: 'carol', cleanStart: false });
    await alice.subscribe('a', { qos: 1 });
    await alice.unsubscribe('a');
    await alice.disconnect();
    await bob.publish('a', 'gone', { qos: 1 });
    const again = await connect({ clientId: 'carol', cleanStart: false });
    expect(again.connack.sessionPresent).toBe(true);
    await again.expectNothing();
  });
});

test('[v3:MQTT-3.10.4-2] after UNSUBSCRIBE nothing new comes', async () => {
  const { alice, bob } = await aliceAndBob();
  await alice.subscribe('a', { qos: 2 });
  await alice.unsubscribe('a');
  for (const qos of [0, 1, 2] as const) await bob.publish('a', 'late', { qos });
  await alice.expectNothing();
});

test('[v3:MQTT-3.10.4-2] retained messages that had not been sent yet are not sent any more', async () => {
  const { connect } = world311({ limits: { maximumInflight: 1 } });
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  for (const topic of ['a/1', 'a/2', 'a/3']) await bob.publish(topic, topic, { qos: 1, retain: true });
  await alice.subscribe('a/#', { qos: 1 });
  const first = await alice.expect('publish');
  await alice.unsubscribe('a/#');
  await alice.ack(first);
  await alice.expectNothing();
});

test('[v3:MQTT-3.10.4-3] deliveries that have begun are brought to their end', async () => {
  const { alice, bob } = await aliceAndBob();
  await alice.subscribe('a', { qos: 2 });
  await bob.publish('a', 'begun', { qos: 2 });
  const { packetId } = await alice.expect('publish', { qos: 2 });
  await alice.unsubscribe('a');
  alice.send({ type: 'pubrec', packetId });
  await alice.expect('pubrel', { packetId });
  alice.send({ type: 'pubcomp', packetId });
  await alice.expectNothing();
});

test('[v3:MQTT-3.10.4-3] also on the next connection', async () => {
  const { connect, bob } = await aliceAndBob();
  const carol = await connect({ clientId: 'carol', cleanStart: false });
  await carol.subscribe('a', { qos: 1 });
  await bob.publish('a', 'begun', { qos: 1 });
  await carol.expect('publish');
  await carol.unsubscribe('a');
  await carol.drop();
  const again = await connect({ clientId: 'carol', cleanStart: false });
  expect(await again.receiveMessage()).toMatchObject({ text: 'begun', dup: true });
});
