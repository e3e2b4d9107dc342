import type { ByteChannel, Remote } from '@carillon/hooks';
import { Laboratory, PacketClient, type PacketDraft } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { acceptConnection } from '../src/connection/accept-connection.ts';
import { RunningEngine } from '../src/running-engine.ts';

/** A conversation that leaves something everywhere: session, Will, subscriptions, exchanges of both directions. */
const conversation: readonly PacketDraft[] = [
  {
    type: 'connect',
    clientId: 'c',
    keepAlive: 60,
    properties: { sessionExpiryInterval: 30, topicAliasMaximum: 5, receiveMaximum: 5 },
    will: { topic: 'gone', payload: 'x', qos: 1, properties: { willDelayInterval: 5 } },
  },
  {
    type: 'subscribe',
    packetId: 1,
    subscriptions: [
      { filter: 'a/#', qos: 2 },
      { filter: '$share/g/b', qos: 1 },
      { filter: 'gone', qos: 1 },
    ],
  },
  { type: 'publish', topic: 'a/0', payload: 'zero', properties: { topicAlias: 1 } },
  { type: 'publish', topic: 'a/1', payload: 'one', qos: 1, packetId: 2 },
  { type: 'publish', topic: 'a/2', payload: 'two', qos: 2, packetId: 3 },
  {
    type: 'publish',
    topic: 'b',
    payload: 'shared',
    qos: 1,
    packetId: 4,
    properties: { messageExpiryInterval: 9 },
  },
  { type: 'publish', topic: 'a/r', payload: 'r', retain: true, properties: { messageExpiryInterval: 20 } },
  { type: 'pubrel', packetId: 3 },
  { type: 'unsubscribe', packetId: 5, filters: ['a/#'] },
  { type: 'pingreq' },
  { type: 'disconnect', reasonCode: 4 },
];

function setUp() {
  const laboratory = new Laboratory();
  const engine = new RunningEngine(
    { logger: laboratory.logger, systemTopicInterval: 0 },
    laboratory.platform,
  );
  const target = {
    handle: (channel: ByteChannel, remote: Remote) => acceptConnection(engine, channel, remote),
  };
  return { laboratory, engine, target };
}

/** What the engine holds on to. */
function holdings(engine: RunningEngine) {
  return {
    connections: engine.connections.size,
    sessions: engine.sessions.size,
    subscriptions: engine.router.size,
    retained: engine.retained.size,
    deadlines: engine.deadlines.size,
  };
}

const nothing = { connections: 0, sessions: 0, subscriptions: 0, retained: 0, deadlines: 0 };

async function converse(client: PacketClient): Promise<void> {
  for (const packet of conversation) {
    if (client.closed) return;
    client.send(packet);
    await client.settle();
  }
}

async function lengthOfConversation(): Promise<number> {
  const laboratory = new Laboratory();
  let length = 0;
  const counting = {
    handle: (channel: ByteChannel) =>
      channel.open({
        received: (chunk) => {
          length += chunk.length;
        },
        drained: () => {},
        closed: () => {},
      }),
  };
  const client = PacketClient.connect(counting, { laboratory });
  for (const packet of conversation) client.send(packet);
  await laboratory.settle();
  return length;
}

for (const [direction, bytes] of [
  ['toServer', await lengthOfConversation()],
  ['toClient', 150],
] as const) {
  test(`a connection that breaks after any byte ${direction} leaves nothing for ever`, async () => {
    const { laboratory, engine, target } = setUp();
    for (let at = 1; at <= bytes; at++) {
      const channel = { [direction]: { breakAfterBytes: at } };
      const client = PacketClient.connect(target, { laboratory, channel });
      await converse(client);
      if (!client.closed) await client.drop();
      expect(engine.connections.size, `byte ${at}`).toBe(0);
      expect(engine.sessions.size, `byte ${at}`).toBeLessThanOrEqual(1);
      // Sometimes the next one finds a session, sometimes it does not.
      if (at % 3 === 0) await laboratory.advance(31_000);
    }
    await laboratory.advance(60_000);
    expect(holdings(engine)).toEqual(nothing);
    expect(laboratory.clock.pending).toBe(0);
    expect(laboratory.logger.messages('error')).toEqual([]);
  });
}

test('hundreds of clients that came and went leave nothing', async () => {
  const { laboratory, engine, target } = setUp();
  for (let round = 0; round < 8; round++) {
    const clients = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        laboratory.connect(target, { clientId: `c${round}-${index}`, keepAlive: 10 }),
      ),
    );
    for (const [index, client] of clients.entries()) {
      client.send({ type: 'subscribe', packetId: 1, subscriptions: [`t/${index}/#`, '$share/g/x'] });
      client.publishOnly(`t/${index}/x`, 'x', { qos: 1, packetId: 2 });
    }
    await laboratory.settle();
    for (const [index, client] of clients.entries()) {
      if (index % 3 === 0) client.send({ type: 'disconnect' });
      else if (index % 3 === 1) client.vanish();
      else await client.drop();
    }
    await laboratory.advance(15_000);
  }
  // Those that vanished have a minute to take the last words.
  await laboratory.advance(60_000);
  expect(holdings(engine)).toEqual(nothing);
  expect(laboratory.logger.messages('error')).toEqual([]);
});
