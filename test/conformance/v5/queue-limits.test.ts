import { memoryStore } from '@carillon/persistence';
import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { recordDrops } from '../drops.ts';
import { numbered, textsIn } from '../messages.ts';

const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 3600 } };

test('[§4.5] a full queue drops the newest message by default, and tells it', async () => {
  const { connect, broker } = world({ limits: { maximumQueuedMessages: 3 } });
  const drops = recordDrops(broker);
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  for (const text of numbered('m', 5)) {
    const puback = await alice.publish('a', text, { qos: 1 });
    expect(puback.reasonCode).toBe(0);
  }
  expect(drops).toEqual([
    { reason: 'queue-full', clientId: 'bob', text: 'm 4' },
    { reason: 'queue-full', clientId: 'bob', text: 'm 5' },
  ]);
  expect(textsIn(await (await connect(durable)).receiveAll())).toEqual(numbered('m', 3));
});

test('[§4.5] a full queue drops the oldest message where it is told to, and tells it', async () => {
  const { connect, broker } = world({
    limits: { maximumQueuedMessages: 3 },
    queueOverflow: 'drop-oldest',
  });
  const drops = recordDrops(broker);
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  for (const text of numbered('m', 5)) await alice.publish('a', text, { qos: 1 });
  expect(drops).toEqual([
    { reason: 'queue-full', clientId: 'bob', text: 'm 1' },
    { reason: 'queue-full', clientId: 'bob', text: 'm 2' },
  ]);
  expect(textsIn(await (await connect(durable)).receiveAll())).toEqual(numbered('m', 3, 3));
});

test('[§4.5] what is in flight is not dropped to make room', async () => {
  const { connect, broker } = world({
    limits: { maximumQueuedMessages: 2 },
    queueOverflow: 'drop-oldest',
  });
  const drops = recordDrops(broker);
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 4)) await alice.publish('a', text, { qos: 1 });
  expect(drops.map(({ text }) => text)).toEqual(['m 2']);
  for (const text of ['m 1', 'm 3', 'm 4']) expect((await bob.receiveMessage()).text).toBe(text);
  await bob.expectNothing();
});

test.each(['drop-newest', 'drop-oldest'] as const)(
  '[§4.5] a queue has a limit in bytes of topics and payloads too: %s',
  async (queueOverflow) => {
    const { connect, broker } = world({ limits: { maximumQueuedBytes: 30 }, queueOverflow });
    const drops = recordDrops(broker);
    const bob = await connect(durable);
    await bob.subscribe('a', { qos: 1 });
    await bob.disconnect();
    const alice = await connect('alice');
    for (const letter of ['x', 'y', 'z', 'w']) await alice.publish('a', letter.repeat(9), { qos: 1 });
    const [dropped, kept] = queueOverflow === 'drop-newest' ? ['w', 'xyz'] : ['x', 'yzw'];
    expect(drops).toEqual([{ reason: 'queue-bytes', clientId: 'bob', text: dropped.repeat(9) }]);
    const texts = textsIn(await (await connect(durable)).receiveAll());
    expect(texts).toEqual([...kept].map((letter) => letter.repeat(9)));
  },
);

test('[§4.5] one message that no queue could take does not empty a queue for nothing', async () => {
  const { connect, broker } = world({ limits: { maximumQueuedBytes: 30 }, queueOverflow: 'drop-oldest' });
  const drops = recordDrops(broker);
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'small', { qos: 1 });
  await alice.publish('a', 'x'.repeat(30), { qos: 1 });
  expect(drops).toMatchObject([{ reason: 'queue-bytes', text: 'x'.repeat(30) }]);
  expect(textsIn(await (await connect(durable)).receiveAll())).toEqual(['small']);
});

test.each([
  ['drop-newest', numbered('m', 600)],
  ['drop-oldest', numbered('m', 600, 401)],
] as const)(
  '[§4.5, MQTT-4.6.0-6] the limit holds for a queue so deep that most of it is in the store: %s',
  async (queueOverflow, kept) => {
    const { connect, broker } = world({ limits: { maximumQueuedMessages: 600 }, queueOverflow });
    const drops = recordDrops(broker);
    const bob = await connect(durable);
    await bob.subscribe('a', { qos: 1 });
    await bob.disconnect();
    // All at once: none of it is in the store before all of it has come.
    const alice = await connect('alice', { channel: { cut: 'merged' } });
    for (const text of numbered('m', 1000)) alice.publishOnly('a', text, { qos: 1 });
    await alice.settle();
    const all = new Set(numbered('m', 1000));
    for (const text of kept) all.delete(text);
    expect(drops.map(({ text }) => text)).toEqual([...all]);
    expect(broker.session('bob')?.queued).toBe(600);

    const again = await connect(durable);
    for (const text of kept) expect((await again.receiveMessage()).text).toBe(text);
    await again.expectNothing();
  },
);

test('[MQTT-4.5.0-1, MQTT-4.6.0-6] a deep queue comes whole and in order, also after a restart of the broker', async () => {
  const persistence = memoryStore();
  const before = world({ persistence });
  const bob = await before.connect(durable);
  await bob.subscribe('a', { qos: 2 });
  await bob.disconnect();
  const alice = await before.connect('alice');
  for (const text of numbered('m', 700)) alice.publishOnly('a', text, { qos: 1 });
  await alice.settle();
  await Promise.all([before.broker.close(), before.laboratory.settle()]);

  const { connect } = world({ persistence });
  const again = await connect(durable);
  expect(again.connack.sessionPresent).toBe(true);
  for (const text of numbered('m', 700)) expect((await again.receiveMessage()).text).toBe(text);
  await again.expectNothing();
});

test('[§4.5] QoS 0 does not wait for a client that is away, and that is told', async () => {
  const { connect, broker } = world();
  const drops = recordDrops(broker);
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'passing');
  await (await connect(durable)).expectNothing();
  expect(drops).toEqual([{ reason: 'offline', clientId: 'bob', text: 'passing' }]);
});

test('[§4.5] with queueQoS0 messages of QoS 0 wait too, in order and at QoS 0', async () => {
  const { connect } = world({ queueQoS0: true });
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  await bob.disconnect();
  const alice = await connect('alice');
  for (const text of numbered('m', 3)) await alice.publish('a', text);
  const again = await connect(durable);
  for (const text of numbered('m', 3)) {
    expect(await again.receiveMessage()).toMatchObject({ text, qos: 0, packetId: 0, dup: false });
  }
  await again.expectNothing();
  const more = await connect(durable);
  await more.expectNothing();
});

test('[MQTT-4.6.0-5] with queueQoS0 a live message does not overtake those that wait', async () => {
  const { connect } = world({ queueQoS0: true });
  const small = { ...durable, properties: { sessionExpiryInterval: 3600, receiveMaximum: 1 } };
  const bob = await connect(small);
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'first at QoS 1', { qos: 1 });
  await alice.publish('a', 'second at QoS 1', { qos: 1 });
  await alice.publish('a', 'waited', { qos: 0 });
  const again = await connect(small);
  const first = await again.expect('publish', { qos: 1 });
  await alice.publish('a', 'live', { qos: 0 });
  await again.ack(first);
  expect((await again.receiveMessage()).text).toBe('second at QoS 1');
  expect(textsIn(await again.receiveAll())).toEqual(['waited', 'live']);
});

test('[§4.5] with queueQoS0 nothing waits for a session that ended with its connection', async () => {
  const { connect, broker } = world({ queueQoS0: true });
  const drops = recordDrops(broker);
  const bob = await connect('bob');
  await bob.subscribe('a');
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'x');
  await (await connect({ clientId: 'bob', cleanStart: false })).expectNothing();
  expect(drops).toEqual([]);
});

test('[§4.8.1] who does not read loses QoS 0 beyond the output buffer, is told of, and nobody else suffers', async () => {
  const { connect, broker } = world({ limits: { maximumOutputBytes: 4096 } });
  const drops = recordDrops(broker);
  const slow = await connect('slow', { channel: { toClient: { capacity: 1024 } } });
  const fast = await connect('fast');
  for (const client of [slow, fast]) await client.subscribe('a');
  slow.stopReading();
  const alice = await connect('alice');
  for (let count = 0; count < 20; count++) await alice.publish('a', 'x'.repeat(1000));
  expect(textsIn(await fast.receiveAll())).toHaveLength(20);
  expect(drops.length).toBeGreaterThan(10);
  expect(new Set(drops.map(({ reason, clientId }) => `${reason} ${clientId}`))).toEqual(
    new Set(['slow-reader slow']),
  );
  slow.startReading();
  expect(textsIn(await slow.receiveAll())).toHaveLength(20 - drops.length);
  await alice.publish('a', 'after');
  expect(textsIn(await slow.receiveAll())).toEqual(['after']);
});

test('[MQTT-4.5.0-1] who does not read gets QoS 1 and 2 when it reads again, whole and in order', async () => {
  const { connect, broker } = world({ limits: { maximumOutputBytes: 4096 } });
  const drops = recordDrops(broker);
  const slow = await connect('slow', { channel: { toClient: { capacity: 1024 } } });
  await slow.subscribe('a', { qos: 2 });
  slow.stopReading();
  const alice = await connect('alice');
  for (const text of numbered('m', 40)) await alice.publish('a', text.padEnd(1000), { qos: 1 });
  slow.startReading();
  for (const text of numbered('m', 40)) expect((await slow.receiveMessage()).text.trim()).toBe(text);
  expect(drops).toEqual([]);
});
