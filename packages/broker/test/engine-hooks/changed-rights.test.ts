import type { DroppedEvent, RefusedEvent, UnsubscribedEvent } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { brokerUnderTest, Notes } from '../broker-under-test.ts';
import { Restarts } from '../persistence/restarts.ts';

const kept = { clientId: 'c', cleanStart: false, properties: { sessionExpiryInterval: 3600 } };

/** A broker whose rights the test changes as it goes. */
function changing() {
  const rights = {
    subscribe: (_: string): boolean | { allow: true; maximumQoS: 0 | 1 | 2 } => true,
    receive: (_: string): boolean => true,
  };
  const notes = {
    refused: new Notes<RefusedEvent>(),
    unsubscribed: new Notes<UnsubscribedEvent>(),
    dropped: new Notes<DroppedEvent>(),
    invalidated: 0,
  };
  const house = brokerUnderTest(
    {},
    {
      authorizeSubscribe: ({ subscription }) => rights.subscribe(subscription.filter),
      authorizeDeliver: ({ message }) => rights.receive(message.topic),
      refused: notes.refused.take,
      unsubscribed: notes.unsubscribed.take,
      dropped: notes.dropped.take,
      invalidated: () => {
        notes.invalidated++;
      },
    },
  );
  return { ...house, rights, notes };
}

test('invalidate ends what is not allowed any more, and says so', async () => {
  const { connect, publish, broker, rights, notes } = changing();
  const client = await connect({ clientId: 'c' });
  await client.subscribe(['a', 'b'], { qos: 1 });
  rights.subscribe = (filter) => filter === 'a';
  await broker.client('c')?.invalidate();
  expect(notes.invalidated).toBe(1);
  expect(notes.refused.all).toMatchObject([
    { what: 'subscribe', topic: 'b', reasonCode: 0x87, by: 'house', clientId: 'c' },
  ]);
  expect(notes.unsubscribed.all).toEqual([{ clientId: 'c', filter: 'b', why: 'not-authorized' }]);
  await publish('b', 'gone');
  await publish('a', 'still');
  expect((await client.receiveMessage()).text).toBe('still');
  await client.expectNothing();
});

test('invalidate lowers a subscription that is allowed at a lower QoS only', async () => {
  const { connect, publish, broker, rights } = changing();
  const client = await connect({ clientId: 'c' });
  await client.subscribe('a', { qos: 2 });
  rights.subscribe = () => ({ allow: true, maximumQoS: 1 });
  await broker.client('c')?.invalidate();
  expect(broker.subscriptions('c')).toMatchObject([{ filter: 'a', qos: 1 }]);
  await publish('a', 'x', { qos: 2 });
  expect((await client.receiveMessage()).qos).toBe(1);
});

test('messages that wait for an ended subscription are not sent, unless another one asks for them', async () => {
  const { connect, publish, broker, rights, notes } = changing();
  const client = await connect({ clientId: 'c', properties: { receiveMaximum: 1 } });
  await client.subscribe(['a/#', 'b/#', '+/both'], { qos: 1 });
  await publish('a/first', 'in flight', { qos: 1 });
  for (const topic of ['b/x', 'b/both', 'a/x']) await publish(topic, topic, { qos: 1 });
  const { packetId } = await client.take('publish');
  rights.subscribe = (filter) => filter !== 'b/#';
  await broker.client('c')?.invalidate();
  client.send({ type: 'puback', packetId, reasonCode: 0, properties: {} });
  expect((await client.receiveMessage()).topic).toBe('b/both');
  expect((await client.receiveMessage()).topic).toBe('a/x');
  await client.expectNothing();
  expect(notes.dropped.all).toMatchObject([{ reason: 'not-authorized', message: { topic: 'b/x' } }]);
});

describe('while a client is away', () => {
  test('its subscriptions are asked about when it comes back, before anything is sent', async () => {
    const { connect, publish, broker, rights, notes } = changing();
    const client = await connect(kept);
    await client.subscribe(['a', 'b'], { qos: 1 });
    await client.disconnect();
    await publish('b', 'under the old rules', { qos: 1 });
    rights.subscribe = (filter) => filter === 'a';
    await publish('a', 'allowed', { qos: 1 });
    const again = await connect(kept);
    expect(again.connack.sessionPresent).toBe(true);
    expect((await again.receiveMessage()).text).toBe('allowed');
    await again.expectNothing();
    expect(broker.subscriptions('c').map(({ filter }) => filter)).toEqual(['a']);
    expect(notes.unsubscribed.all).toEqual([{ clientId: 'c', filter: 'b', why: 'not-authorized' }]);
  });

  test('what waits is asked about again before it is sent', async () => {
    const { connect, publish, rights, notes } = changing();
    const client = await connect(kept);
    await client.subscribe('+', { qos: 1 });
    await client.disconnect();
    for (const topic of ['a', 'b']) await publish(topic, topic, { qos: 1 });
    rights.receive = (topic) => topic !== 'a';
    const again = await connect(kept);
    expect((await again.receiveMessage()).topic).toBe('b');
    await again.expectNothing();
    expect(notes.dropped.all).toMatchObject([{ reason: 'not-authorized', message: { topic: 'a' } }]);
  });

  test('a plugin that fails loses it nothing: it may come again', async () => {
    const { connect, arrive, broker, rights, notes } = changing();
    const client = await connect(kept);
    await client.subscribe('a', { qos: 1 });
    await client.disconnect();
    rights.subscribe = () => {
      throw new Error('the table is away');
    };
    expect((await arrive().connectPacket(kept)).reasonCode).toBe(0x88);
    expect(broker.subscriptions('c')).toHaveLength(1);
    rights.subscribe = () => true;
    expect((await connect(kept)).connack.sessionPresent).toBe(true);
    expect(notes.unsubscribed.all).toEqual([]);
  });

  test('and the broker was restarted: the same', async () => {
    const house = new Restarts();
    const client = await house.resume('c');
    await client.subscribe(['a', 'b'], { qos: 1 });
    await client.disconnect();
    await house.crashAndStart(0, {
      authorizeSubscribe: ({ subscription }) => subscription.filter === 'a',
      authorizeDeliver: () => true,
    });
    await house.resume('c');
    expect(house.broker.subscriptions('c').map(({ filter }) => filter)).toEqual(['a']);
    await house.crashAndStart();
    await house.resume('c');
    expect(house.broker.subscriptions('c').map(({ filter }) => filter)).toEqual(['a']);
  });
});

test('a plugin that fails when it is asked again ends the connection, and no subscription', async () => {
  const { connect, broker, rights } = changing();
  const client = await connect(kept);
  await client.subscribe('a', { qos: 1 });
  rights.subscribe = () => {
    throw new Error('the table is away');
  };
  await broker.client('c')?.invalidate();
  await client.expectDisconnect(0x83);
  expect(broker.subscriptions('c')).toHaveLength(1);
});
