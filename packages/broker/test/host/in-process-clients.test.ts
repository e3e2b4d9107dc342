import type { InProcessOptions, PluginHooks } from '@carillon/hooks';
import { memoryStore } from '@carillon/persistence';
import { ReasonCode } from '@carillon/protocol';
import { type ConnectDraft, PacketClient } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/index.ts';
import { brokerUnderTest } from '../broker-under-test.ts';
import { joinChannels } from './joined-channels.ts';

async function house(options: EngineOptions = {}, hooks: PluginHooks = {}) {
  const world = newHouse(options, hooks);
  await world.broker.start();
  return world;
}

function newHouse(options: EngineOptions = {}, hooks: PluginHooks = {}) {
  const { broker, laboratory, connect, publish } = brokerUnderTest(options, hooks);
  const inside = (how: InProcessOptions): PacketClient =>
    PacketClient.connect(
      { handle: (channel) => joinChannels(channel, broker.connectInProcess(how)) },
      { laboratory, protocolVersion: 5, name: 'plugin' },
    );
  const plugin = async (how: InProcessOptions, draft: ConnectDraft = {}): Promise<PacketClient> => {
    const client = inside(how);
    await client.connectPacket({ clientId: how.clientId, ...draft });
    return client;
  };
  return { broker, laboratory, connect, publish, inside, plugin };
}

const durable = { cleanStart: false, properties: { sessionExpiryInterval: 0xffff_ffff } };

describe('A plugin that connects from inside the process', () => {
  it('sends and gets messages as a client does', async () => {
    const { plugin, connect } = await house();
    const bridge = await plugin({ clientId: 'bridge' });
    await bridge.subscribe('up/#', { qos: 1 });
    const alice = await connect({ clientId: 'alice' });
    await alice.subscribe('down/#');
    await alice.publish('up/1', 'hello', { qos: 1 });
    expect(await bridge.expect('publish')).toMatchObject({ topic: 'up/1', qos: 1 });
    await bridge.publish('down/1', 'there');
    expect(await alice.expect('publish')).toMatchObject({ topic: 'down/1' });
  });

  it('is not asked who it is, nor whether it may subscribe or receive', async () => {
    const { plugin, connect } = await house(
      {},
      {
        authorizeConnection: () => true,
        authenticate: ({ username }) => username === 'alice',
        authorizeSubscribe: ({ client }) => client.id === 'alice',
        authorizeDeliver: ({ clientId }) => clientId === 'alice',
        authorizePublish: () => true,
      },
    );
    const bridge = await plugin({ clientId: 'bridge' });
    expect((await bridge.subscribe('up/#', { qos: 1 })).reasonCodes).toEqual([1]);
    const alice = await connect({ clientId: 'alice', username: 'alice' });
    await alice.publish('up/1', '', { qos: 1 });
    expect(await bridge.expect('publish')).toMatchObject({ topic: 'up/1' });
  });

  it('is asked whether it may publish when its messages come over a bridge', async () => {
    const asked: unknown[] = [];
    const { plugin } = await house(
      {},
      {
        authorizePublish: ({ message, client }) => {
          asked.push([message.origin, message.publisherId, client]);
          return message.topic !== 'secret';
        },
      },
    );
    const bridge = await plugin({ clientId: 'bridge:in', origin: 'bridge', publisherId: 'bridge' });
    const open = await bridge.publish('open', '', { qos: 1 });
    expect(open.reasonCode).toBe(ReasonCode.NoMatchingSubscribers);
    const secret = await bridge.publish('secret', '', { qos: 1 });
    expect(secret.reasonCode).toBe(ReasonCode.NotAuthorized);
    expect(asked).toEqual([
      ['bridge', 'bridge', undefined],
      ['bridge', 'bridge', undefined],
    ]);
  });

  it('publishes as the host where it says nothing else', async () => {
    const { plugin } = await house({}, { authorizePublish: () => false });
    const inner = await plugin({ clientId: 'inner' });
    const puback = await inner.publish('a', '', { qos: 1 });
    expect(puback.reasonCode).toBe(ReasonCode.NoMatchingSubscribers);
  });

  it('gets nothing back that another connection of its name published, with No Local', async () => {
    const { plugin, publish } = await house();
    const out = await plugin({ clientId: 'bridge', origin: 'bridge' });
    await out.subscribe({ filter: '#', qos: 1, noLocal: true });
    const inward = await plugin({ clientId: 'bridge:in', origin: 'bridge', publisherId: 'bridge' });
    await inward.publish('a', '', { qos: 1 });
    await publish('b', '');
    expect(await out.expect('publish')).toMatchObject({ topic: 'b' });
  });

  it('shares its topics out among several sessions, each topic to one, connected or not', async () => {
    const { plugin, connect, broker, laboratory } = await house();
    const parts = [0, 1, 2].map((index) => ({ clientId: `part-${index}`, part: { index, of: 3 } }));
    const topics = Array.from({ length: 30 }, (_, i) => `up/${i}`);
    const alice = await connect({ clientId: 'alice' });
    for (const topic of topics) await alice.publish(topic, 'old', { retain: true });
    const sessions = [];
    for (const how of parts) {
      const session = await plugin(how, durable);
      await session.subscribe({ filter: 'up/#', qos: 1 });
      sessions.push(session);
    }
    const topicsOf = async (session: PacketClient): Promise<string[]> =>
      (await session.receiveAll()).flatMap((packet) => (packet.type === 'publish' ? [packet.topic] : []));
    const retained = await Promise.all(sessions.map(topicsOf));
    expect(retained.flat().sort()).toEqual([...topics].sort());
    await sessions[1]?.drop();
    for (const topic of topics) await alice.publish(topic, 'new', { qos: 1 });
    await laboratory.settle();
    expect(await Promise.all([sessions[0], sessions[2]].map((one) => one && topicsOf(one)))).toEqual([
      retained[0],
      retained[2],
    ]);
    expect(broker.session('part-1')?.queued).toBe(retained[1]?.length);
  });

  it('has another part of the topics from when it says so', async () => {
    const { plugin, connect } = await house();
    const first = await plugin({ clientId: 'part', part: { index: 0, of: 1_000_000 } }, durable);
    await first.subscribe({ filter: 'up/#', qos: 1 });
    const alice = await connect({ clientId: 'alice' });
    await alice.publish('up/1', 'for the others', { qos: 1 });
    await first.expectNothing();
    await first.drop();
    const second = await plugin({ clientId: 'part' }, durable);
    await alice.publish('up/1', 'for it', { qos: 1 });
    expect(await second.receiveMessage()).toMatchObject({ text: 'for it' });
  });

  it.each([
    [{ index: 0, of: 0 }, 'part.of is 0; it has to be a whole number above 0'],
    [{ index: 3, of: 3 }, 'part.index is 3; it has to be a whole number from 0 to 2'],
  ])('cannot have the part %j', async (part, why) => {
    const { broker } = await house();
    expect(() => broker.connectInProcess({ clientId: 'part', part })).toThrow(why);
  });

  it('finds what came while it was away', async () => {
    const { plugin, connect } = await house();
    const before = await plugin({ clientId: 'bridge' }, durable);
    await before.subscribe('up/#', { qos: 1 });
    await before.drop();
    const alice = await connect({ clientId: 'alice' });
    await alice.publish('up/1', 'kept', { qos: 1 });
    const after = await plugin({ clientId: 'bridge' }, durable);
    expect(await after.expect('publish')).toMatchObject({ topic: 'up/1', qos: 1 });
  });

  it('keeps its client id to itself, connected or not', async () => {
    const { plugin, broker, laboratory } = await house();
    const bridge = await plugin({ clientId: 'bridge' }, durable);
    const thief = () => PacketClient.connect(broker, { laboratory, protocolVersion: 5 });
    const refused = { reasonCode: ReasonCode.ClientIdentifierNotValid };
    expect(await thief().connectPacket({ clientId: 'bridge', ...durable })).toMatchObject(refused);
    await bridge.drop();
    expect(await thief().connectPacket({ clientId: 'bridge', ...durable })).toMatchObject(refused);
    broker.endSession('bridge');
    expect(await thief().connectPacket({ clientId: 'bridge', ...durable })).toMatchObject({ reasonCode: 0 });
  });

  it('has to connect under the client id that it named', async () => {
    const { inside } = await house();
    const bridge = inside({ clientId: 'bridge' });
    const connack = await bridge.connectPacket({ clientId: 'alice' });
    expect(connack.reasonCode).toBe(ReasonCode.ClientIdentifierNotValid);
  });

  it('can ask for the whole of a message that is in flight, and for its number in the session', async () => {
    const { plugin, connect, broker, laboratory } = await house();
    const bridge = await plugin({ clientId: 'bridge' }, durable);
    await bridge.subscribe('up/#', { qos: 1 });
    const alice = await connect({ clientId: 'alice' });
    await alice.publish('up/1', 'first', { qos: 2 });
    await alice.publish('up/1', 'second', { qos: 1 });
    const [first, second] = [await bridge.expect('publish'), await bridge.expect('publish')];
    const receivedAt = laboratory.clock.now();
    expect(broker.inflight('bridge', first.packetId)).toMatchObject({
      sequence: 1,
      message: { topic: 'up/1', qos: 2, publisherId: 'alice', origin: 'client', receivedAt },
    });
    expect(broker.inflight('bridge', second.packetId)).toMatchObject({ sequence: 2, message: { qos: 1 } });
    await bridge.ack(first);
    expect(broker.inflight('bridge', first.packetId)).toBeUndefined();
    expect(broker.inflight('nobody', second.packetId)).toBeUndefined();
  });

  it('has no keep alive and takes no room of the clients', async () => {
    const { plugin, connect, laboratory, broker } = await house({
      limits: { maximumConnections: 1, maximumKeepAlive: 10 },
    });
    await connect({ clientId: 'alice' });
    await plugin({ clientId: 'bridge' }, { keepAlive: 0 });
    await laboratory.advance(9_000);
    expect(broker.client('bridge')?.keepAlive).toBe(0);
    expect(broker.client('bridge')?.remote.listener).toBe('in-process');
  });

  it('may be there before the broker runs, and does not start it', async () => {
    const { inside, laboratory, broker } = newHouse();
    const early = inside({ clientId: 'bridge' });
    early.send({ type: 'connect', protocolVersion: 5, clientId: 'bridge', cleanStart: true });
    await early.expectNothing();
    broker.use({ name: 'still new', persistence: memoryStore() });
    await broker.start();
    await laboratory.settle();
    expect(await early.expect('connack')).toMatchObject({ reasonCode: 0 });
  });

  it('is told the end of the broker as a client is', async () => {
    const { plugin, broker } = await house();
    const bridge = await plugin({ clientId: 'bridge' });
    const closing = broker.close();
    expect(await bridge.expect('disconnect')).toMatchObject({ reasonCode: ReasonCode.ServerShuttingDown });
    await bridge.expectClosed();
    await closing;
    expect(() => broker.connectInProcess({ clientId: 'bridge' })).toThrow(
      expect.objectContaining({ code: 'BROKER_CLOSED' }),
    );
  });

  it('tells what becomes of a bridge', async () => {
    const told: unknown[] = [];
    const { broker } = await house({}, { bridgeChanged: (event) => void told.push(event) });
    const event = { bridge: 'b', change: 'connected', address: 'mqtt://a', reason: '', code: '' } as const;
    broker.bridgeChanged(event);
    expect(told).toEqual([event]);
  });

  it('tells its state below $SYS, in memory only and past the hooks', async () => {
    const asked: string[] = [];
    const { publish, broker } = await house(
      {},
      { authorizePublish: ({ message }) => !asked.push(message.topic) },
    );
    await publish('$SYS/broker/bridge/b/state', 'up', { origin: 'bridge', retain: true });
    expect(asked).toEqual([]);
    expect(broker.retained('$SYS/broker/bridge/b/state')).toBeDefined();
    expect(broker.counters().retainedMessages).toBe(0);
    await publish('$SYS/broker/bridge/b/state', '', { origin: 'bridge', retain: true });
    expect(broker.retained('$SYS/broker/bridge/b/state')).toBeUndefined();
  });
});
