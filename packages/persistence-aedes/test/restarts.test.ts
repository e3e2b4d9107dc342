import { describe, expect, onTestFinished, test } from 'vitest';
import { allBackends } from './all-backends.ts';
import type { TestBackend } from './backends.ts';
import { lasting, type Restartable, restartable } from './restartable.ts';

const properties = {
  payloadFormatIndicator: 1,
  contentType: 'text/plain',
  responseTopic: 'answers/1',
  correlationData: new Uint8Array([0, 1, 254, 255]),
  userProperties: [
    ['b', '1'],
    ['a', '2'],
    ['b', '3'],
  ],
} as const;

async function begin(backend: TestBackend): Promise<Restartable> {
  const brokers = await restartable(backend);
  onTestFinished(() => brokers.stop());
  return brokers;
}

describe.each(allBackends)('on $name', (backend) => {
  test('a session comes back with its subscriptions and all their options', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const alice = await laboratory.connect(await brokers.start(), { clientId: 'alice', ...lasting });
    await alice.subscribe([{ filter: 'a/+', qos: 1, noLocal: true }], {
      properties: { subscriptionIdentifier: 7 },
    });
    await alice.subscribe({ filter: 'b/#', qos: 2, retainAsPublished: true, retainHandling: 2 });
    await alice.subscribe({ filter: '$share/group/c', qos: 0 });
    await alice.subscribe('gone');
    await alice.unsubscribe('gone');
    await alice.disconnect();
    const broker = await brokers.start();
    expect(broker.session('alice')).toMatchObject({ sessionExpiryInterval: 3600, connected: false });
    const subscriptions = [...broker.subscriptions('alice')].sort((x, y) => (x.filter < y.filter ? -1 : 1));
    expect(subscriptions).toEqual([
      {
        filter: '$share/group/c',
        shareName: 'group',
        qos: 0,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
        subscriptionIdentifier: undefined,
      },
      {
        filter: 'a/+',
        shareName: undefined,
        qos: 1,
        noLocal: true,
        retainAsPublished: false,
        retainHandling: 0,
        subscriptionIdentifier: 7,
      },
      {
        filter: 'b/#',
        shareName: undefined,
        qos: 2,
        noLocal: false,
        retainAsPublished: true,
        retainHandling: 2,
        subscriptionIdentifier: undefined,
      },
    ]);
    const again = await laboratory.connect(broker, { clientId: 'alice', ...lasting });
    expect(again.connack.sessionPresent).toBe(true);
  });

  test('a session without subscriptions comes back too, and one that expired meanwhile does not', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    await (await laboratory.connect(first, { clientId: 'bare', ...lasting })).disconnect();
    const brief = { cleanStart: false, properties: { sessionExpiryInterval: 10 } };
    await (await laboratory.connect(first, { clientId: 'brief', ...brief })).disconnect();
    await brokers.stop();
    await laboratory.advance(11_000);
    const broker = await brokers.start();
    await laboratory.settle();
    expect(Array.from(broker.sessions(), ({ clientId }) => clientId)).toEqual(['bare']);
    const third = await brokers.start();
    expect(Array.from(third.sessions(), ({ clientId }) => clientId)).toEqual(['bare']);
  });

  test('queued messages come back in order, with all properties, before newer ones', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe([{ filter: 'a/#', qos: 2 }], { properties: { subscriptionIdentifier: 9 } });
    await alice.disconnect();
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    for (let i = 0; i < 10; i++) {
      await bob.publish(`a/${i}`, `old ${i}`, { qos: i % 2 === 0 ? 1 : 2, properties });
    }
    const second = await brokers.start();
    const carol = await laboratory.connect(second, { clientId: 'carol' });
    for (let i = 10; i < 20; i++) await carol.publish(`a/${i}`, `new ${i}`, { qos: 1 });
    const third = await brokers.start();
    expect(third.session('alice')).toMatchObject({ queued: 20 });
    const again = await laboratory.connect(third, { clientId: 'alice', ...lasting });
    for (let i = 0; i < 20; i++) {
      const message = await again.receiveMessage();
      expect(message).toMatchObject({ topic: `a/${i}`, qos: i % 2 === 1 && i < 10 ? 2 : 1, dup: false });
      expect(message.text).toBe(i < 10 ? `old ${i}` : `new ${i}`);
      expect(message.properties).toEqual({
        ...(i < 10 ? properties : {}),
        subscriptionIdentifiers: [9],
      });
    }
    await again.expectNothing();
    const last = await brokers.start();
    expect(last.session('alice')).toMatchObject({ queued: 0, inflight: 0 });
  });

  test('what was in flight is resent under its packet identifier, PUBREL where PUBREC had come', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('#', { qos: 2 });
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    for (const text of ['one', 'two', 'three']) await bob.publish('a', text, { qos: 2 });
    const [one, two, three] = [
      await alice.expect('publish'),
      await alice.expect('publish'),
      await alice.expect('publish'),
    ];
    alice.send({ type: 'pubrec', packetId: two.packetId });
    await alice.expect('pubrel');
    const second = await brokers.start();
    const again = await laboratory.connect(second, { clientId: 'alice', ...lasting });
    expect(await again.expect('publish')).toMatchObject({ packetId: one.packetId, dup: true });
    expect(await again.expect('pubrel')).toMatchObject({ packetId: two.packetId });
    again.send({ type: 'pubcomp', packetId: two.packetId });
    expect(await again.expect('publish')).toMatchObject({ packetId: three.packetId, dup: true });
    await again.ack(one);
    await again.settle();
    const third = await brokers.start();
    const thrice = await laboratory.connect(third, { clientId: 'alice', ...lasting });
    expect(await thrice.expect('publish')).toMatchObject({ packetId: three.packetId });
    await thrice.ack(three);
    await thrice.expectNothing();
  });

  test('a QoS 2 message whose PUBREL was still to come is not taken twice', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const watcher = await laboratory.connect(first, { clientId: 'watcher', ...lasting });
    await watcher.subscribe('a', { qos: 1 });
    await watcher.disconnect();
    const bob = await laboratory.connect(first, { clientId: 'bob', ...lasting });
    bob.publishOnly('a', 'once', { qos: 2, packetId: 40 });
    await bob.expect('pubrec');
    bob.publishOnly('a', 'done', { qos: 2, packetId: 41 });
    await bob.expect('pubrec');
    bob.send({ type: 'pubrel', packetId: 41 });
    await bob.expect('pubcomp');
    const second = await brokers.start();
    const again = await laboratory.connect(second, { clientId: 'bob', ...lasting });
    again.publishOnly('a', 'once', { qos: 2, packetId: 40, dup: true });
    await again.expect('pubrec');
    again.publishOnly('a', 'another', { qos: 2, packetId: 41 });
    await again.expect('pubrec');
    const back = await laboratory.connect(second, { clientId: 'watcher', ...lasting });
    expect((await back.receiveMessage()).text).toBe('once');
    expect((await back.receiveMessage()).text).toBe('done');
    expect((await back.receiveMessage()).text).toBe('another');
    await back.expectNothing();
  });

  test('retained messages come back, replaced and cleared ones do not', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const bob = await laboratory.connect(await brokers.start(), { clientId: 'bob' });
    for (const topic of ['a', 'a/b', '/a', 'a/', 'a//b', '[a-b]*?/x', 'ä/ö\u{1f40c}']) {
      await bob.publish(topic, 'old', { qos: 1, retain: true });
      await bob.publish(topic, topic, { qos: 1, retain: true, properties });
    }
    await bob.publish('gone', 'gone', { qos: 1, retain: true });
    await bob.publish('gone', '', { qos: 1, retain: true });
    await bob.publish('brief', 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 10 } });
    await brokers.stop();
    await laboratory.advance(4_000);
    const broker = await brokers.start();
    const topics = Array.from(broker.retainedMessages('#'), ({ topic }) => topic).sort();
    expect(topics).toEqual(['a', 'a/b', '/a', 'a/', 'a//b', 'brief', '[a-b]*?/x', 'ä/ö\u{1f40c}'].sort());
    expect(broker.retained('a/b')).toMatchObject({ properties, retain: true, publisherId: 'bob', qos: 1 });
    const alice = await laboratory.connect(broker, { clientId: 'alice' });
    await alice.subscribe('brief', { qos: 0 });
    expect((await alice.receiveMessage()).properties.messageExpiryInterval).toBe(6);
    await laboratory.advance(7_000);
    const late = await laboratory.connect(await brokers.start(), { clientId: 'late' });
    await late.subscribe('brief', { qos: 0 });
    await late.expectNothing();
  });

  test('queued messages expire while the broker is away', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('a', { qos: 1 });
    await alice.disconnect();
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    await bob.publish('a', 'brief', { qos: 1, properties: { messageExpiryInterval: 5 } });
    await bob.publish('a', 'long', { qos: 1, properties: { messageExpiryInterval: 100 } });
    await brokers.stop();
    await laboratory.advance(10_000);
    const again = await laboratory.connect(await brokers.start(), { clientId: 'alice', ...lasting });
    const message = await again.receiveMessage();
    expect(message.text).toBe('long');
    expect(message.properties.messageExpiryInterval).toBe(90);
    await again.expectNothing();
  });

  test('a Will whose client was connected when the process died is sent after the restart, once', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const watcher = await laboratory.connect(first, { clientId: 'watcher', ...lasting });
    await watcher.subscribe('wills/#', { qos: 1 });
    await watcher.disconnect();
    const will = { topic: 'wills/a', payload: 'gone', qos: 1 } as const;
    await laboratory.connect(first, { clientId: 'a', ...lasting, will });
    await brokers.crash();
    const again = await laboratory.connect(await brokers.start(), { clientId: 'watcher', ...lasting });
    expect(await again.receiveMessage()).toMatchObject({ topic: 'wills/a', text: 'gone', qos: 1 });
    const third = await brokers.start();
    expect(third.session('watcher')).toMatchObject({ queued: 0, inflight: 0 });
    expect(third.session('a')).toMatchObject({ connected: false });
  });

  test('a Will that the next CONNECT took back is not sent when the process dies', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const watcher = await laboratory.connect(first, { clientId: 'watcher', ...lasting });
    await watcher.subscribe('wills/#', { qos: 1 });
    await watcher.disconnect();
    const will = (text: string) => ({ topic: 'wills/a', payload: text, qos: 1 }) as const;
    await laboratory.connect(first, { clientId: 'a', ...lasting, will: will('from the first') });
    const second = await laboratory.connect(first, {
      clientId: 'a',
      ...lasting,
      will: will('of the second'),
    });
    await second.disconnect();
    const again = await laboratory.connect(first, { clientId: 'watcher', ...lasting });
    // A connection that is taken over has ended, so its Will is due.
    expect((await again.receiveMessage()).text).toBe('from the first');
    await again.disconnect();
    await laboratory.connect(first, { clientId: 'a', ...lasting });
    await brokers.crash();
    const third = await brokers.start();
    expect(third.session('watcher')).toMatchObject({ queued: 0 });
  });

  test('a Will whose delay ended while the broker was away is sent after the restart, once', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const watcher = await laboratory.connect(first, { clientId: 'watcher', ...lasting });
    await watcher.subscribe('wills/#', { qos: 1 });
    await watcher.disconnect();
    const will = (topic: string, willDelayInterval: number) => ({
      topic: `wills/${topic}`,
      payload: topic,
      qos: 1 as const,
      properties: { willDelayInterval, contentType: 'will' },
    });
    const delayed = await laboratory.connect(first, {
      clientId: 'delayed',
      ...lasting,
      will: will('delayed', 60),
    });
    await delayed.drop();
    const polite = await laboratory.connect(first, {
      clientId: 'polite',
      ...lasting,
      will: will('polite', 0),
    });
    await polite.disconnect();
    await brokers.stop();
    await laboratory.advance(30_000);
    const second = await brokers.start();
    await laboratory.settle();
    expect(second.session('watcher')).toMatchObject({ queued: 0 });
    await brokers.stop();
    await laboratory.advance(31_000);
    const third = await brokers.start();
    const again = await laboratory.connect(third, { clientId: 'watcher', ...lasting });
    const message = await again.receiveMessage();
    expect(message).toMatchObject({ topic: 'wills/delayed', text: 'delayed', qos: 1 });
    expect(message.properties.contentType).toBe('will');
    await again.expectNothing();
    const fourth = await brokers.start();
    expect(fourth.session('watcher')).toMatchObject({ queued: 0, inflight: 0 });
  });

  test('a session that is begun anew has forgotten everything, after a restart too', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('a', { qos: 2 });
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    await bob.publish('a', 'in flight', { qos: 2 });
    alice.publishOnly('x', 'x', { qos: 2, packetId: 5 });
    await alice.drop();
    await bob.publish('a', 'queued', { qos: 2 });
    const second = await brokers.start();
    const anew = await laboratory.connect(second, { clientId: 'alice', ...lasting, cleanStart: true });
    expect(anew.connack.sessionPresent).toBe(false);
    await anew.expectNothing();
    const third = await brokers.start();
    const again = await laboratory.connect(third, { clientId: 'alice', ...lasting });
    expect(again.connack.sessionPresent).toBe(true);
    expect(third.subscriptions('alice')).toEqual([]);
    expect(third.session('alice')).toMatchObject({ queued: 0, inflight: 0 });
    await again.expectNothing();
  });

  test('the queue of one client is not that of another whose id begins alike', async () => {
    const brokers = await begin(backend);
    const { laboratory } = brokers;
    const first = await brokers.start();
    const ids = ['a', 'ab', 'a:', 'a%3A', 'a/b', '$carillon', 'ü', 'a b'];
    for (const [i, clientId] of ids.entries()) {
      const client = await laboratory.connect(first, { clientId, ...lasting });
      await client.subscribe(`t/${i}`, { qos: 1 });
      await client.disconnect();
    }
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    for (const i of ids.keys()) await bob.publish(`t/${i}`, `for ${i}`, { qos: 1 });
    const second = await brokers.start();
    for (const [i, clientId] of ids.entries()) {
      expect(second.subscriptions(clientId)).toMatchObject([{ filter: `t/${i}` }]);
      expect(second.session(clientId)).toMatchObject({ queued: 1 });
      const client = await laboratory.connect(second, { clientId, ...lasting });
      expect((await client.receiveMessage()).text).toBe(`for ${i}`);
      await client.expectNothing();
    }
  });
});
