/* Who gets a message is decided without the backend: the tries that they keep lose subscriptions and find too many. */
import { definePlugin, deny } from '@carillon/hooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allBackends } from './all-backends.ts';
import { lasting, restartable } from './restartable.ts';

describe.each(allBackends)('on $name', (backend) => {
  test('overlapping filters queue a message once, and unsubscribing one leaves the other', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('a/#', { qos: 1 });
    await alice.subscribe('a/b', { qos: 0 });
    await alice.subscribe('a/+', { qos: 1 });
    await alice.unsubscribe('a/+');
    await alice.disconnect();
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    await bob.publish('a/b', 'one', { qos: 1 });
    const second = await brokers.start();
    const carol = await laboratory.connect(second, { clientId: 'carol' });
    await carol.publish('a/b', 'two', { qos: 1 });
    await carol.publish('a/c', 'three', { qos: 1 });
    const third = await brokers.start();
    expect(third.session('alice')).toMatchObject({ queued: 3 });
    const again = await laboratory.connect(third, { clientId: 'alice', ...lasting });
    for (const text of ['one', 'two', 'three']) expect((await again.receiveMessage()).text).toBe(text);
  });

  test('nothing waits for a QoS 0 subscription, after a restart either', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const alice = await laboratory.connect(await brokers.start(), { clientId: 'alice', ...lasting });
    await alice.subscribe('a', { qos: 0 });
    await alice.disconnect();
    const second = await brokers.start();
    const bob = await laboratory.connect(second, { clientId: 'bob' });
    await bob.publish('a', 'lost', { qos: 1 });
    expect((await brokers.start()).session('alice')).toMatchObject({ queued: 0 });
  });

  test('a narrower subscription of QoS 0 takes nothing from the wider one', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('a/#', { qos: 1 });
    await alice.subscribe('a/b', { qos: 0 });
    await alice.disconnect();
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    for (const topic of ['a/b', 'a/c']) await bob.publish(topic, topic, { qos: 1 });
    const again = await laboratory.connect(await brokers.start(), { clientId: 'alice', ...lasting });
    for (const topic of ['a/b', 'a/c']) expect((await again.receiveMessage()).text).toBe(topic);
    await again.expectNothing();
  });

  test('unsubscribing the wider filter leaves the narrower one', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('a/#', { qos: 1 });
    await alice.subscribe('a/b', { qos: 1 });
    await alice.unsubscribe('a/#');
    await alice.disconnect();
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    await bob.publish('a/b', 'before', { qos: 1 });
    await bob.publish('a/c', 'for nobody', { qos: 1 });
    const second = await brokers.start();
    const carol = await laboratory.connect(second, { clientId: 'carol' });
    await carol.publish('a/b', 'after', { qos: 1 });
    await carol.publish('a/c', 'for nobody', { qos: 1 });
    const again = await laboratory.connect(second, { clientId: 'alice', ...lasting });
    for (const text of ['before', 'after']) expect((await again.receiveMessage()).text).toBe(text);
    await again.expectNothing();
  });

  test('who is there gets every one of many messages that come at once, in order and once', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const broker = await brokers.start();
    const lastingOne = await laboratory.connect(broker, { clientId: 'lasting', ...lasting });
    const briefOne = await laboratory.connect(broker, { clientId: 'brief' });
    for (const subscriber of [lastingOne, briefOne]) await subscriber.subscribe('a/#', { qos: 2 });
    const publishers = await Promise.all(
      ['p', 'q'].map((clientId) => laboratory.connect(broker, { clientId })),
    );
    for (let i = 0; i < 60; i++) {
      for (const publisher of publishers) {
        publisher.publishOnly(`a/${publisher.name}`, `${i}`, { qos: i % 2 === 0 ? 1 : 2 });
      }
    }
    const numbers = Array.from({ length: 60 }, (_, i) => `${i}`);
    for (const subscriber of [lastingOne, briefOne]) {
      const seen = new Map<string, string[]>();
      for (let i = 0; i < 120; i++) {
        const { topic, text } = await subscriber.receiveMessage();
        seen.set(topic, [...(seen.get(topic) ?? []), text]);
      }
      expect([...seen.values()]).toEqual([numbers, numbers]);
      await subscriber.expectNothing();
    }
    expect((await brokers.start()).session('lasting')).toMatchObject({ queued: 0, inflight: 0 });
  });

  test('a message that may not be delivered any more goes, and none that waits beside it', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('#', { qos: 1 });
    await alice.disconnect();
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    for (const topic of ['one', 'secret', 'two']) await bob.publish(topic, topic, { qos: 1 });
    first.use(
      definePlugin({
        name: 'secrets',
        hooks: {
          authorizeDeliver: ({ message }) => (message.topic === 'secret' ? deny(0x87) : { allow: true }),
        },
      }),
    );
    const there = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    for (const topic of ['one', 'two']) await there.expect('publish', { topic });
    await there.expectNothing();
    await there.drop();
    const again = await laboratory.connect(await brokers.start(), { clientId: 'alice', ...lasting });
    for (const topic of ['one', 'two']) expect((await again.receiveMessage()).topic).toBe(topic);
    await again.expectNothing();
  });

  test('no two messages under way bear one identifier, however many connections there were', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const ids: number[] = [];
    for (let start = 0; start < 3; start++) {
      const broker = await brokers.start();
      const alice = await laboratory.connect(broker, { clientId: 'alice', ...lasting });
      if (start === 0) await alice.subscribe('a', { qos: 1 });
      for (const packetId of ids) await alice.expect('publish', { packetId, dup: true });
      const bob = await laboratory.connect(broker, { clientId: 'bob' });
      for (let i = 0; i < 3; i++) await bob.publish('a', `${ids.length}`, { qos: 1 });
      for (let i = 0; i < 3; i++) ids.push((await alice.expect('publish', { dup: false })).packetId);
      await alice.drop();
    }
    expect(new Set(ids).size).toBe(9);
    const alice = await laboratory.connect(await brokers.start(), { clientId: 'alice', ...lasting });
    for (const packetId of ids) await alice.ack(await alice.expect('publish', { packetId }));
    await alice.settle();
    expect((await brokers.start()).session('alice')).toMatchObject({ queued: 0, inflight: 0 });
  });
});
