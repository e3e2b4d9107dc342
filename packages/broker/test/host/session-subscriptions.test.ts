import { expect, test } from 'vitest';
import { brokerUnderTest } from '../broker-under-test.ts';

const filters = Array.from({ length: 20 }, (_, i) => `room/${i}/#`);

test('a session has its subscriptions in the order in which they came, few or many', async () => {
  const { broker, connect } = brokerUnderTest();
  const alice = await connect({ clientId: 'alice' });
  const listed = () => broker.subscriptions('alice').map(({ filter, qos }) => `${filter} ${qos}`);
  const expected: string[] = [];
  for (const filter of filters) {
    await alice.subscribe(filter, { qos: 1 });
    expected.push(`${filter} 1`);
    expect(listed()).toEqual(expected);
  }
  expect(broker.session('alice')).toMatchObject({ subscriptions: 20 });
});

test.each([3, 20])('of %i subscriptions one is replaced in its place, others end', async (count) => {
  const { broker, connect, publish } = brokerUnderTest();
  const alice = await connect({ clientId: 'alice' });
  const own = filters.slice(0, count);
  for (const filter of own) await alice.subscribe(filter, { qos: 1 });
  await alice.subscribe('room/1/#', { qos: 2 });
  expect(broker.subscriptions('alice').map(({ filter }) => filter)).toEqual(own);
  expect(broker.subscriptions('alice')[1]).toMatchObject({ filter: 'room/1/#', qos: 2 });
  for (const filter of own.filter((_, place) => place !== 1)) await alice.unsubscribe(filter);
  expect(broker.subscriptions('alice')).toHaveLength(1);
  await publish('room/0/door', 'open', { qos: 1 });
  await publish('room/1/door', 'open', { qos: 1 });
  expect(await alice.receiveMessage()).toMatchObject({ topic: 'room/1/door' });
  await alice.expectNothing();
});
