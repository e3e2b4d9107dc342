import { deny, type RefusedEvent, type SubscribeEvent, type UnsubscribedEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, Notes, promiseByHand } from '../broker-under-test.ts';

test('authorizeSubscribe is asked once for each filter, and each gets its own answer', async () => {
  const events = new Notes<SubscribeEvent>();
  const refused = new Notes<RefusedEvent>();
  const { connect, broker } = brokerUnderTest(
    {},
    {
      authorizeSubscribe: (event) => {
        events.take(event);
        switch (event.subscription.filter) {
          case 'no':
            return false;
          case 'quota':
            return deny(0x97, 'enough');
          case 'lower':
            return { allow: true, maximumQoS: 1 };
          case 'later':
            return Promise.resolve(true);
          case 'silence':
            return undefined;
          default:
            return true;
        }
      },
      refused: refused.take,
    },
  );
  const client = await connect({ clientId: 'c' });
  const filters = ['yes', 'no', 'quota', 'lower', 'later', 'silence'];
  const suback = await client.subscribe(filters, { qos: 2, properties: { subscriptionIdentifier: 7 } });
  expect(suback.reasonCodes).toEqual([2, 0x87, 0x97, 1, 2, 0x87]);
  expect(events.all.map(({ subscription }) => subscription.filter)).toEqual(filters);
  expect(events.all[0]).toMatchObject({
    client: { id: 'c' },
    subscription: { qos: 2, subscriptionIdentifier: 7, shareName: undefined },
  });
  expect(refused.all.map(({ what, topic, by }) => [what, topic, by])).toEqual([
    ['subscribe', 'no', 'house'],
    ['subscribe', 'quota', 'house'],
    ['subscribe', 'silence', 'default'],
  ]);
  expect(broker.subscriptions('c').map(({ filter }) => filter)).toEqual(['yes', 'lower', 'later']);
  const old = await connect({ clientId: 'old', protocolVersion: 4 });
  expect((await old.subscribe(['yes', 'no', 'quota'], { qos: 1 })).reasonCodes).toEqual([1, 0x80, 0x80]);
});

test('a refused filter leaves the subscription that was there as it was', async () => {
  let mayChange = true;
  const { connect, publish } = brokerUnderTest({}, { authorizeSubscribe: () => mayChange });
  const client = await connect();
  await client.subscribe('t', { qos: 1 });
  mayChange = false;
  expect((await client.subscribe('t', { qos: 0 })).reasonCodes).toEqual([0x87]);
  await publish('t', 'x', { qos: 1 });
  expect((await client.receiveMessage()).qos).toBe(1);
});

test('rewriteSubscribe changes what is matched, and the client goes on by its own name for it', async () => {
  const { connect, publish, broker } = brokerUnderTest(
    {},
    {
      rewriteSubscribe: ({ subscription }) =>
        subscription.filter === 'mine' ? { filter: 'users/7/#', qos: 1, retainAsPublished: true } : undefined,
    },
  );
  const client = await connect({ clientId: 'c' });
  expect((await client.subscribe('mine', { qos: 2 })).reasonCodes).toEqual([1]);
  await publish('users/7/x', 'hello', { qos: 2, retain: true });
  expect(await client.receiveMessage()).toMatchObject({ topic: 'users/7/x', qos: 1, retain: true });
  await publish('mine', 'not this one');
  await client.expectNothing();
  expect(broker.subscriptions('c')).toMatchObject([{ filter: 'mine', qos: 1 }]);
  expect((await client.unsubscribe('mine')).reasonCodes).toEqual([0]);
  await publish('users/7/x', 'gone');
  await client.expectNothing();
});

test('rewriteSubscribe keeps the group of a shared subscription', async () => {
  const { connect, publish, broker } = brokerUnderTest(
    {},
    { rewriteSubscribe: () => ({ filter: 'jobs/+' }) },
  );
  const [a, b] = [await connect({ clientId: 'a' }), await connect({ clientId: 'b' })];
  for (const client of [a, b]) await client.subscribe('$share/workers/x');
  await publish('jobs/1', '');
  expect(a.unread + b.unread).toBe(1);
  expect([...broker.shares()]).toEqual([
    { shareName: 'workers', filter: 'jobs/+', mountPoint: '', members: ['a', 'b'] },
  ]);
});

test('authorizeSubscribe sees what rewriteSubscribe made of a subscription', async () => {
  const { connect } = brokerUnderTest(
    {},
    {
      rewriteSubscribe: () => ({ filter: 'secret' }),
      authorizeSubscribe: ({ subscription }) => subscription.filter !== 'secret',
    },
  );
  expect((await (await connect()).subscribe('open')).reasonCodes).toEqual([0x87]);
});

test('a failing plugin refuses the filter, and the connection goes on', async () => {
  const { connect } = brokerUnderTest(
    {},
    {
      rewriteSubscribe: ({ subscription }) => {
        if (subscription.filter === 'throw') throw new Error('broken');
        return undefined;
      },
      authorizeSubscribe: ({ subscription }) =>
        subscription.filter === 'reject' ? Promise.reject(new Error('broken')) : true,
    },
  );
  const client = await connect();
  expect((await client.subscribe(['throw', 'reject', 'fine'])).reasonCodes).toEqual([0x80, 0x87, 0]);
});

test('subscribed and unsubscribed tell of what is granted and what ends', async () => {
  const subscribed = new Notes<SubscribeEvent>();
  const unsubscribed = new Notes<UnsubscribedEvent>();
  const { connect } = brokerUnderTest(
    {},
    {
      authorizeSubscribe: ({ subscription }) => subscription.filter !== 'no',
      subscribed: subscribed.take,
      unsubscribed: unsubscribed.take,
    },
  );
  const client = await connect({ clientId: 'c' });
  await client.subscribe(['a', 'no', '$share/g/b'], { qos: 1 });
  expect(subscribed.all.map(({ subscription }) => subscription)).toMatchObject([
    { filter: 'a', qos: 1, shareName: undefined },
    { filter: '$share/g/b', qos: 1, shareName: 'g' },
  ]);
  await client.unsubscribe(['a', 'no']);
  await client.disconnect();
  expect(unsubscribed.all).toEqual([
    { clientId: 'c', filter: 'a', why: 'asked' },
    { clientId: 'c', filter: '$share/g/b', why: 'session-ended' },
  ]);
});

test('client.invalidate asks again, and ends what is not allowed any more', async () => {
  const unsubscribed = new Notes<UnsubscribedEvent>();
  let allowed = ['a', 'b', 'c'];
  const { connect, publish, broker, laboratory } = brokerUnderTest(
    {},
    {
      authorizeSubscribe: async ({ subscription }) => allowed.includes(subscription.filter),
      unsubscribed: unsubscribed.take,
    },
  );
  const client = await connect({ clientId: 'c' });
  const subscribed = client.subscribe(['a', 'b', 'c']);
  await laboratory.settle();
  await subscribed;
  allowed = ['b'];
  await broker.client('c')?.invalidate();
  for (const topic of ['a', 'b', 'c']) await publish(topic, '');
  expect((await client.receiveMessage()).topic).toBe('b');
  await client.expectNothing();
  expect(unsubscribed.all).toEqual([
    { clientId: 'c', filter: 'a', why: 'not-authorized' },
    { clientId: 'c', filter: 'c', why: 'not-authorized' },
  ]);
});

test('a session that ended while a plugin thought about its SUBSCRIBE gets no subscription', async () => {
  const answer = promiseByHand<boolean>();
  const { connect, broker, laboratory } = brokerUnderTest({}, { authorizeSubscribe: () => answer.promise });
  const client = await connect({ clientId: 'c' });
  client.send({ type: 'subscribe', packetId: 1, subscriptions: ['t'] });
  await client.settle();
  await client.drop();
  answer.resolve(true);
  await laboratory.settle();
  expect(broker.counters().subscriptions).toBe(0);
});
