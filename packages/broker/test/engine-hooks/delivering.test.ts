import type {
  AcknowledgedEvent,
  DeliverEvent,
  DeliveredEvent,
  DroppedEvent,
  SelectSharedEvent,
} from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest, Notes, untyped } from '../broker-under-test.ts';

const kept = { sessionExpiryInterval: 100 };

test('authorizeDeliver is asked for each copy, and a no drops that copy alone', async () => {
  const events = new Notes<DeliverEvent>();
  const dropped = new Notes<DroppedEvent>();
  const { connect, publish } = brokerUnderTest(
    {},
    {
      authorizeDeliver: (event) => {
        events.take(event);
        return event.clientId !== 'b';
      },
      dropped: dropped.take,
    },
  );
  const [a, b] = [await connect({ clientId: 'a', username: 'anna' }), await connect({ clientId: 'b' })];
  for (const client of [a, b]) await client.subscribe('t', { qos: 1 });
  for (const qos of [0, 1, 2] as const) {
    const receipt = await publish('t', 'x', { qos });
    expect(receipt).toEqual({
      matched: 2,
      sent: 1,
      queued: 0,
      dropped: [{ reason: 'not-authorized', clientId: 'b' }],
    });
    await a.receiveMessage();
  }
  await b.expectNothing();
  expect(events.all[0]).toMatchObject({ clientId: 'a', identity: 'anna', client: { id: 'a' } });
  expect(dropped.last).toMatchObject({ reason: 'not-authorized', clientId: 'b' });
});

test('authorizeDeliver is asked for retained messages, and for sessions whose client is away', async () => {
  const events = new Notes<DeliverEvent>();
  const { connect, publish, broker } = brokerUnderTest(
    {},
    {
      authorizeDeliver: (event) => {
        events.take(event);
        return event.message.topic !== 'secret';
      },
    },
  );
  await publish('secret', 'x', { retain: true });
  await publish('open', 'x', { retain: true });
  const client = await connect({ clientId: 'c', properties: kept });
  await client.subscribe('#', { qos: 1 });
  expect((await client.receiveMessage()).topic).toBe('open');
  await client.expectNothing();
  await client.disconnect();
  await publish('secret', 'x', { qos: 1 });
  await publish('open', 'x', { qos: 1 });
  expect(events.last?.client).toBeUndefined();
  expect(broker.session('c')?.queued).toBe(1);
});

test('no opinion about a copy is a no', async () => {
  const { connect, publish } = brokerUnderTest({}, { authorizeDeliver: () => undefined });
  const client = await connect();
  await client.subscribe('t');
  await publish('t', 'x');
  await client.expectNothing();
});

test('rewriteDeliver changes the copy of one receiver', async () => {
  const { connect, publish } = brokerUnderTest(
    {},
    {
      rewriteDeliver: ({ clientId, message }) =>
        clientId === 'a'
          ? {
              topic: `for-a/${message.topic}`,
              payload: new TextEncoder().encode('for a'),
              qos: 0,
              properties: { contentType: 'text/plain' },
            }
          : undefined,
    },
  );
  const [a, b] = [await connect({ clientId: 'a' }), await connect({ clientId: 'b' })];
  for (const client of [a, b]) await client.subscribe('t', { qos: 1 });
  await publish('t', 'x', { qos: 1 });
  expect(await a.receiveMessage()).toMatchObject({
    topic: 'for-a/t',
    text: 'for a',
    qos: 0,
    properties: { contentType: 'text/plain' },
  });
  expect(await b.receiveMessage()).toMatchObject({ topic: 't', text: 'x', qos: 1, properties: {} });
});

for (const [what, answer] of [
  ['throws', undefined],
  ['answers by promise', Promise.resolve({ topic: 'x' })],
  ['answers a topic with a wildcard', { topic: 'a/#' }],
] as const) {
  test(`a rewriteDeliver that ${what} costs that receiver its copy, and nobody else`, async () => {
    const dropped = new Notes<DroppedEvent>();
    const { connect, publish } = brokerUnderTest(
      {},
      {
        rewriteDeliver: ({ clientId }) => {
          if (clientId !== 'a') return undefined;
          if (answer === undefined) throw new Error('broken');
          return untyped(answer);
        },
        dropped: dropped.take,
      },
    );
    const [a, b] = [await connect({ clientId: 'a' }), await connect({ clientId: 'b' })];
    for (const client of [a, b]) await client.subscribe('t', { qos: 1 });
    await publish('t', 'x', { qos: 1 });
    await a.expectNothing();
    expect((await b.receiveMessage()).text).toBe('x');
    expect(dropped.all).toMatchObject([{ reason: 'hook-failed', clientId: 'a' }]);
  });
}

test('selectShared picks the member, and sees who can take the message', async () => {
  const events = new Notes<SelectSharedEvent>();
  const { connect, publish } = brokerUnderTest(
    {},
    {
      selectShared: (event) => {
        events.take(event);
        return event.members.findIndex(({ clientId }) => clientId === 'b');
      },
    },
  );
  const [a, b] = [await connect({ clientId: 'a' }), await connect({ clientId: 'b' })];
  for (const client of [a, b]) await client.subscribe('$share/g/jobs/+', { qos: 1 });
  for (let i = 0; i < 3; i++) await publish('jobs/1', `${i}`, { qos: 1 });
  await a.expectNothing();
  for (let i = 0; i < 3; i++) expect((await b.receiveMessage()).text).toBe(`${i}`);
  expect(events.all[2]).toMatchObject({
    shareName: 'g',
    filter: 'jobs/+',
    members: [
      { clientId: 'a', connected: true, load: 0 },
      { clientId: 'b', connected: true, load: 2 },
    ],
  });
});

for (const [what, answer] of [
  ['nobody', undefined],
  ['a member that does not exist', 9],
  ['half a member', 0.5],
] as const) {
  test(`when selectShared picks ${what}, the strategy of the broker does`, async () => {
    const { connect, publish } = brokerUnderTest({}, { selectShared: () => answer });
    const [a, b] = [await connect({ clientId: 'a' }), await connect({ clientId: 'b' })];
    for (const client of [a, b]) await client.subscribe('$share/g/jobs');
    for (let i = 0; i < 4; i++) await publish('jobs', `${i}`);
    expect([a.unread, b.unread]).toEqual([2, 2]);
  });
}

test('delivered tells of every copy that went out, and acknowledged of every one that arrived', async () => {
  const delivered = new Notes<DeliveredEvent>();
  const acknowledged = new Notes<AcknowledgedEvent>();
  const { connect, publish } = brokerUnderTest(
    {},
    { delivered: delivered.take, acknowledged: acknowledged.take },
  );
  const client = await connect({ clientId: 'c', properties: kept });
  await client.subscribe('t', { qos: 2 });
  for (const qos of [0, 1, 2] as const) {
    await publish('t', `${qos}`, { qos });
    await client.receiveMessage();
  }
  expect(delivered.all.map(({ clientId, qos, packetId, dup }) => [clientId, qos, packetId, dup])).toEqual([
    ['c', 0, 0, false],
    ['c', 1, 1, false],
    ['c', 2, 2, false],
  ]);
  expect(acknowledged.all.map(({ packetId, reasonCode }) => [packetId, reasonCode])).toEqual([
    [1, 0],
    [2, 0],
  ]);
  await publish('t', 'again', { qos: 1 });
  const first = await client.expect('publish');
  await client.drop();
  expect(acknowledged.all).toHaveLength(2);
  const back = await connect({ clientId: 'c', cleanStart: false, properties: kept });
  await back.expect('publish', { dup: true, packetId: first.packetId });
  expect(delivered.last).toMatchObject({ dup: true, packetId: first.packetId });
  back.send({ type: 'puback', packetId: first.packetId, reasonCode: 0x97 });
  await back.settle();
  expect(acknowledged.last).toMatchObject({ packetId: first.packetId, reasonCode: 0x97 });
});
