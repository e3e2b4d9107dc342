import { describe, expect, it } from 'vitest';
import { JoinedBrokers } from './joined-brokers.ts';

describe('A bridge', () => {
  it.each([0, 1, 2] as const)('carries messages of QoS %d out', async (qos) => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'to-b', addresses: 'mqtt://b', topics: [`up/# out ${qos}`] }]);
    const b = world.site('b');
    await world.start();
    const receiver = await world.client(b);
    await receiver.subscribe('#', { qos: 2 });
    const sender = await world.client(a);
    await sender.publish('up/1', 'hello', { qos });
    expect(await receiver.receiveMessage()).toMatchObject({ topic: 'up/1', text: 'hello', qos });
    expect(a.bridge.state.get('to-b')).toMatchObject({
      condition: 'connected',
      counters: { forwardedOut: 1, waiting: 0 },
    });
  });

  it.each([0, 1, 2] as const)('carries messages of QoS %d in', async (qos) => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'to-b', addresses: 'mqtt://b', topics: [`down/# in ${qos}`] }]);
    const b = world.site('b');
    await world.start();
    const receiver = await world.client(a);
    await receiver.subscribe('#', { qos: 2 });
    const sender = await world.client(b);
    await sender.publish('down/1', 'hello', { qos });
    expect(await receiver.receiveMessage()).toMatchObject({ topic: 'down/1', text: 'hello', qos });
    await receiver.expectNothing();
  });

  it('carries everything both ways without sending anything back', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'to-b', addresses: 'mqtt://b', topics: ['# both 2'] }]);
    const b = world.site('b');
    await world.start();
    const [atA, atB] = [await world.client(a), await world.client(b)];
    await atA.subscribe('#', { qos: 2 });
    await atB.subscribe('#', { qos: 2 });
    await atA.publish('from/a', '1', { qos: 2 });
    await atB.publish('from/b', '2', { qos: 2 });
    const topics = async (client: typeof atA) =>
      [await client.receiveMessage(), await client.receiveMessage()].map(({ topic }) => topic).sort();
    expect(await topics(atA)).toEqual(['from/a', 'from/b']);
    expect(await topics(atB)).toEqual(['from/a', 'from/b']);
    await atA.expectNothing();
    await atB.expectNothing();
  });
});
