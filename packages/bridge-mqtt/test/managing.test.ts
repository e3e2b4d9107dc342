import type { BridgeEvent } from '@carillon/hooks';
import { describe, expect, it } from 'vitest';
import { mqttBridge } from '../src/index.ts';
import { JoinedBrokers } from './joined-brokers.ts';
import { ScriptedWorld } from './scripted-remote.ts';

const text = (payload: Uint8Array | undefined) => payload && new TextDecoder().decode(payload);

describe('Bridges of a running broker', () => {
  it('are added, listed, changed and removed', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a');
    const b = world.site('b');
    const c = world.site('c');
    await world.start();
    a.bridge.add({ name: 'one', addresses: 'mqtt://b', topics: ['up/# out 1'] });
    await world.laboratory.settle();
    expect(a.bridge.list()).toMatchObject([
      { name: 'one', condition: 'connected', address: 'mqtt://b:1883', protocolVersion: 5 },
    ]);
    expect(b.broker.session('a.one')).toBeDefined();

    const changing = a.bridge.change({ name: 'one', addresses: 'mqtt://c', topics: ['other/# out 1'] });
    await world.laboratory.settle();
    await changing;
    expect(a.bridge.state.get('one')).toMatchObject({ condition: 'connected', address: 'mqtt://c:1883' });
    expect(a.broker.subscriptions('bridge:one')).toMatchObject([{ filter: 'other/#', qos: 1 }]);

    const removing = a.bridge.remove('one');
    await world.laboratory.settle();
    await removing;
    expect(a.bridge.list()).toEqual([]);
    expect(a.broker.session('bridge:one')).toBeUndefined();
    expect(c.broker.session('a.one')).toBeUndefined();
  });

  it('are not confused by a name that is taken or not known', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'one', addresses: 'mqtt://b', topics: ['#'] }]);
    world.site('b');
    await world.start();
    const options = { name: 'one', addresses: 'mqtt://c', topics: ['#'] };
    expect(() => a.bridge.add(options)).toThrow(expect.objectContaining({ code: 'BRIDGE_NAME_TAKEN' }));
    await expect(a.bridge.remove('two')).rejects.toThrow('there is no bridge "two"; there are: one');
    await expect(a.bridge.change({ ...options, name: 'two' })).rejects.toMatchObject({
      code: 'BRIDGE_UNKNOWN',
    });
  });

  it('keep what waits when they are changed', async () => {
    const world = new ScriptedWorld({ topics: ['out/# out 1'] });
    world.unreachable.add('far');
    await world.start();
    await world.publish('out/1', 'x', { qos: 1 });
    const changing = world.bridge.change({
      name: 'far',
      addresses: 'mqtt://near',
      topics: ['out/# out 1'],
      notifications: false,
    });
    await world.laboratory.settle();
    await changing;
    await world.line.accept();
    expect(await world.line.expect('publish')).toMatchObject({ topic: 'out/1' });
  });

  it('leave in order when the broker closes', async () => {
    const world = await new ScriptedWorld({ topics: ['out/# out 1'] }).start();
    await world.line.accept();
    const closing = world.broker.close();
    expect(await world.line.expect('disconnect')).toMatchObject({ reasonCode: 0 });
    await closing;
    expect(world.bridge.list()).toEqual([]);
  });

  it('can only be added to a plugin that is registered', () => {
    const bridge = mqttBridge();
    expect(() => bridge.add({ name: 'a', addresses: 'b', topics: ['#'] })).toThrow('broker.use first');
  });
});

describe('The state of a bridge', () => {
  it('is retained on both sides, 1 while connected and 0 when not', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'b', addresses: 'mqtt://b', topics: ['#'] }]);
    const b = world.site('b');
    await world.start();
    const topic = '$bridge/a.b/state';
    expect(text(a.broker.retained(topic)?.payload)).toBe('1');
    expect(text(b.broker.retained(topic)?.payload)).toBe('1');
    world.unreachable.set('b', new Error('gone'));
    world.lines.at(-1)?.reset();
    await world.laboratory.settle();
    expect(text(a.broker.retained(topic)?.payload)).toBe('0');
    expect(text(b.broker.retained(topic)?.payload)).toBe('0');
  });

  it('is told where the owner wants it, or on one side only, or nowhere', async () => {
    const world = new JoinedBrokers();
    const common = { topics: ['x/#'], addresses: 'mqtt://b' };
    const a = world.site('a', [
      { ...common, name: 'one', notificationTopic: 'states/one' },
      { ...common, name: 'two', notificationTopic: 'states/two', notificationsLocalOnly: true },
      { ...common, name: 'three', notificationTopic: 'states/three', notifications: false },
    ]);
    const b = world.site('b');
    await world.start();
    const topics = (broker: typeof a.broker) =>
      Array.from(broker.retainedMessages('states/#'), ({ topic }) => topic);
    expect(topics(a.broker)).toEqual(['states/one', 'states/two']);
    expect(topics(b.broker)).toEqual(['states/one']);
  });

  it('is told to hooks', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [
      { name: 'b', addresses: 'mqtt://b', topics: ['#'], backOff: { minimum: 10 } },
    ]);
    world.site('b');
    const told: BridgeEvent[] = [];
    a.broker.use({ name: 'watch', hooks: { bridgeChanged: (event) => void told.push(event) } });
    await world.start();
    world.unreachable.set('b', new Error('gone'));
    world.lines.at(-1)?.reset();
    await world.laboratory.advance(10);
    const address = 'mqtt://b:1883';
    expect(told).toMatchObject([
      { bridge: 'b', change: 'connected', address, code: '', reason: '' },
      { bridge: 'b', change: 'disconnected', address, code: 'BRIDGE_CONNECTION_LOST' },
      { bridge: 'b', change: 'failed', address, code: 'BRIDGE_CONNECTION_LOST', reason: 'gone' },
    ]);
    expect(a.bridge.state.get('b')?.counters.reconnects).toBe(0);
  });

  it('stands below $SYS', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'b', addresses: 'mqtt://b', topics: ['up/# out 1'] }], {
      systemTopicInterval: 5,
    });
    world.site('b');
    await world.start();
    const client = await world.client(a);
    await client.publish('up/1', 'x', { qos: 1 });
    await world.laboratory.advance(5000);
    const value = (name: string) => text(a.broker.retained(`$SYS/broker/bridge/b/${name}`)?.payload);
    expect(value('state')).toBe('connected');
    expect(value('forwarded/out')).toBe('1');
    expect(value('waiting')).toBe('0');
    expect(value('lag')).toBe('0');
    const removing = a.bridge.remove('b');
    await world.laboratory.settle();
    await removing;
    await world.laboratory.settle();
    expect(value('state')).toBeUndefined();
  });
});

describe('Several connections', () => {
  it('share what comes in, and each message comes once', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'b', addresses: 'mqtt://b', topics: ['# both 1'], connections: 3 }]);
    const b = world.site('b');
    await world.start();
    expect(a.bridge.state.get('b')?.connected).toBe(3);
    expect([...b.broker.shares()]).toMatchObject([{ shareName: 'bridge-b', filter: '#' }]);
    const [atA, atB] = [await world.client(a), await world.client(b)];
    await atA.subscribe('#', { qos: 1 });
    for (let i = 0; i < 9; i++) await atB.publish(`from/b/${i}`, '', { qos: 1 });
    for (let i = 0; i < 9; i++) await atA.publish(`from/a/${i}`, '', { qos: 1 });
    const topics = (await atA.receiveAll()).flatMap((packet) =>
      packet.type === 'publish' ? [packet.topic] : [],
    );
    expect(topics.filter((topic) => topic.startsWith('from/b')).sort()).toHaveLength(9);
    expect(topics.filter((topic) => topic.startsWith('from/a')).sort()).toHaveLength(9);
  });
});

describe('Options that cannot be', () => {
  const good = { name: 'b', addresses: 'mqtt://b', topics: ['#'] };

  it.each([
    [{ ...good, name: 'a/b' }, 'name is "a/b"; it has to be up to 40 letters'],
    [{ ...good, addresses: [] }, 'an address, or a list of them'],
    [{ ...good, addresses: 'http://b' }, 'an address is not one'],
    [{ ...good, addresses: 'mqtt://ann:secret@b' }, 'has a user name in it; give it as credentials'],
    [{ ...good, addresses: 'mqtt://b/path' }, 'has a path, which only WebSockets have'],
    [{ ...good, topics: [] }, 'a list of at least one topic'],
    [{ ...good, keepAlive: -1 }, 'keepAlive is -1; it has to be a whole number from 1 to 65535'],
    [{ ...good, keepalive: 5 }, 'keepalive is not known'],
    [{ ...good, notificationTopic: 'a/#' }, 'it has to be a topic name'],
    [{ ...good, topics: ['# in'], start: 'lazy' as const }, 'lazy bridge needs a topic that goes out'],
  ])('are refused: %j', (options, why) => {
    expect(() => mqttBridge({ bridges: [options] })).toThrow(why);
    expect(() => mqttBridge({ bridges: [options] })).not.toThrow('secret');
  });

  it('are a broker id with odd characters', () => {
    expect(() => mqttBridge({ brokerId: 'a b' })).toThrow('brokerId is "a b"');
  });
});
