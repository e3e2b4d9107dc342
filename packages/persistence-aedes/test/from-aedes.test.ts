/* The real Aedes writes a folder; Carillon finds in it what it left. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { copyStore, memoryStore, type QueueEntry } from '@carillon/persistence';
import { PacketClient } from '@carillon/testkit';
import { Aedes } from 'aedes';
import aedesPersistenceLevel from 'aedes-persistence-level';
import { Level } from 'level';
import { expect, onTestFinished, test } from 'vitest';
import { aedesClientIds, aedesLevelFolder, aedesStore, orderedLevel, readAedesLevel } from '../src/index.ts';
import { innerOf } from './altered-instance.ts';
import { temporaryFolder } from './backends.ts';
import { lasting, restartable } from './restartable.ts';
import { loaded, noLimits, putSession } from './sample-records.ts';

interface RunningAedes {
  connect(clientId: string, clean?: boolean): Promise<PacketClient>;
  stop(): Promise<void>;
}

async function runAedes(folder: string): Promise<RunningAedes> {
  const level = new Level(folder);
  const aedes = await Aedes.createBroker({ persistence: aedesPersistenceLevel(level) });
  const server = createServer(aedes.handle);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  return {
    connect: async (clientId, clean = false) => {
      const client = await PacketClient.overSocket(
        { host: '127.0.0.1', port: address.port },
        { protocolVersion: 4, name: clientId },
      );
      await client.connectPacket({ clientId, cleanStart: clean });
      return client;
    },
    stop: async () => {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      server.close();
      await level.close();
    },
  };
}

/**
 * Sessions, queues, retained messages and deliveries in all their states. All of it at QoS 2: at QoS 1 Aedes
 * acknowledges before it stores.
 */
async function folderOfAedes(): Promise<string> {
  const folder = await temporaryFolder();
  const aedes = await runAedes(folder);
  const alice = await aedes.connect('alice');
  await alice.subscribe([
    { filter: 'a/#', qos: 2 },
    { filter: 'b', qos: 0 },
  ]);
  const ab = await aedes.connect('alice:b');
  await ab.subscribe('a/+', { qos: 1 });
  await ab.disconnect();
  const bob = await aedes.connect('bob', true);
  await bob.publish('a/released', 'released', { qos: 2 });
  const released = await alice.expect('publish');
  alice.send({ type: 'pubrec', packetId: released.packetId });
  await alice.expect('pubrel');
  await bob.publish('a/sent', 'sent', { qos: 2 });
  await alice.expect('publish');
  await alice.drop();
  for (let i = 0; i < 3; i++) await bob.publish(`a/${i}`, `queued ${i}`, { qos: 2 });
  await bob.publish('kept', 'retained', { qos: 2, retain: true });
  await bob.publish('ö/kept', 'umlaut', { qos: 2, retain: true });
  const carol = await aedes.connect('carol');
  carol.publishOnly('unreleased', 'x', { qos: 2, packetId: 77 });
  await carol.expect('pubrec');
  await carol.drop();
  await bob.ping();
  await aedes.stop();
  return folder;
}

test('a folder of Aedes is read as a store: sessions, subscriptions, queues, retained messages', async () => {
  const folder = await folderOfAedes();
  const store = aedesLevelFolder(folder, { now: 5_000 });
  const records = await loaded(store);
  onTestFinished(() => store.close());
  const sessions = records.flatMap((record) => (record.kind === 'session' ? [record] : []));
  expect(sessions.map(({ session, queue }) => [session.clientId, queue.length]).sort()).toEqual([
    ['alice', 5],
    ['alice:b', 5],
    ['carol', 0],
  ]);
  expect(sessions[0]?.session).toMatchObject({ sessionExpiryInterval: 0xffff_ffff, disconnectedAt: 5_000 });
  const subscriptions = records.flatMap((record) => {
    if (record.kind !== 'subscription') return [];
    return [`${record.clientId} ${record.subscription.filter} ${record.subscription.qos}`];
  });
  expect(subscriptions.sort()).toEqual(['alice a/# 2', 'alice b 0', 'alice:b a/+ 1']);
  const retained = records.flatMap((record) => {
    if (record.kind !== 'retained') return [];
    return [`${record.message.topic} ${new TextDecoder().decode(record.message.payload)}`];
  });
  expect(retained.filter((line) => !line.startsWith('$SYS')).sort()).toEqual([
    'kept retained',
    'ö/kept umlaut',
  ]);
  expect(records).toContainEqual({ kind: 'inboundId', clientId: 'carol', packetId: 77 });
  const queue = await store.readQueue('alice', 0, noLimits);
  expect(queue.map(({ state }) => state)).toEqual(['released', 'sent', 'queued', 'queued', 'queued']);
  expect(queue.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  expect(queue.slice(1).map(({ message }) => new TextDecoder().decode(message.payload))).toEqual([
    'sent',
    'queued 0',
    'queued 1',
    'queued 2',
  ]);
  expect(queue[1]?.packetId).toBeGreaterThan(0);
  const page = await store.readQueue('alice', 2, { entries: 2, bytes: 1000 });
  expect(page.map(({ sequence }) => sequence)).toEqual([3, 4]);
  expect((await store.readQueue('alice', 4, noLimits)).map(({ sequence }) => sequence)).toEqual([5]);
  expect(() => store.commit([putSession('a')], 'written')).toThrow(/only read/);
});

test('a folder of Aedes is read record by record, entries after their session', async () => {
  const folder = await folderOfAedes();
  const level = new Level(folder);
  onTestFinished(() => level.close());
  const kinds: string[] = [];
  for await (const record of readAedesLevel(level)) {
    if (record.kind === 'session') kinds.push(`session ${record.session.clientId}`);
    if (record.kind === 'queueEntry') kinds.push(`entry ${record.clientId}`);
  }
  const begin = kinds.indexOf('session alice');
  expect(kinds.slice(begin, begin + 6)).toEqual(['session alice', ...Array(5).fill('entry alice')]);
});

test('what several sessions wait for is one message in a copy, whichever run of Aedes it is from', async () => {
  const folder = await temporaryFolder();
  for (const run of ['first', 'second', 'third']) {
    const aedes = await runAedes(folder);
    const all = await aedes.connect('all');
    await all.subscribe('#', { qos: 2 });
    await all.drop();
    const few = await aedes.connect('few');
    await few.subscribe('few/#', { qos: 1 });
    await few.drop();
    const bob = await aedes.connect('bob', true);
    // More than a page lies between those that both wait for; some are the same to the byte.
    for (let i = 0; i < 130; i++) await bob.publish(i % 65 === 64 ? 'few/1' : 'many', run, { qos: 2 });
    await bob.disconnect();
    await aedes.stop();
  }
  const from = aedesLevelFolder(folder);
  onTestFinished(() => from.close());
  await from.open();
  const to = memoryStore();
  const enqueued: QueueEntry[] = [];
  const commit = to.commit.bind(to);
  to.commit = (batch, durability) => {
    for (const operation of batch) if (operation.do === 'enqueue') enqueued.push(operation.entry);
    return commit(batch, durability);
  };
  const { entries } = await copyStore(from, to);
  const toBoth = enqueued.filter(({ message }) => message.topic === 'few/1');
  expect(toBoth.length).toBeGreaterThanOrEqual(12);
  expect(entries).toBe(enqueued.length);
  expect(new Set(toBoth.map(({ message }) => message)).size).toBe(toBoth.length / 2);
  const queue = await to.readQueue('few', 0, noLimits);
  expect(queue.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('more queues than are remembered are read on where they were, and again from the beginning', async () => {
  const folder = await temporaryFolder();
  const level = new Level<string, Uint8Array>(folder, { valueEncoding: 'view' });
  const backend = aedesPersistenceLevel(level);
  const packet = { cmd: 'publish', brokerId: 'aedes', topic: 'a', payload: Buffer.from('x'), qos: 1 };
  const store = aedesStore(backend, { logger: { warn: () => {} }, destroyOnClose: false });
  await loaded(store);
  await store.close();
  const inner = innerOf(backend);
  const clientIds = Array.from({ length: 120 }, (_, i) => `client ${i}`);
  for (const clientId of clientIds) {
    for (const brokerCounter of [1, 2, 3]) {
      await Reflect.get(inner, 'outgoingEnqueue').call(inner, { clientId }, { ...packet, brokerCounter });
    }
  }
  await level.close();
  const from = aedesLevelFolder(folder);
  onTestFinished(() => from.close());
  await loaded(from);
  for (const after of [0, 1, 2, 0]) {
    for (const clientId of clientIds) {
      const page = await from.readQueue(clientId, after, { entries: 1, bytes: 100 });
      expect(page.map(({ sequence }) => sequence)).toEqual([after + 1]);
    }
  }
  for (const clientId of clientIds) expect(await from.readQueue(clientId, 3, noLimits)).toEqual([]);
});

test('a folder without database is not made one', async () => {
  const store = aedesLevelFolder(await temporaryFolder());
  await expect(store.open()).rejects.toMatchObject({ name: 'StoreError' });
});

test('Carillon takes a folder of Aedes over and goes on where it stopped', async () => {
  const folder = await folderOfAedes();
  const place = {
    instance: () => {
      const level = new Level(folder);
      return aedesPersistenceLevel(orderedLevel(level));
    },
    options: { logger: { warn: () => {} } },
  };
  const level = new Level(folder);
  const adopt: string[] = [];
  for await (const clientId of aedesClientIds(level)) adopt.push(clientId);
  await level.close();
  expect(adopt.sort()).toEqual(['alice', 'alice:b', 'carol']);
  const brokers = await restartable({ place: async () => place }, { adopt });
  onTestFinished(() => brokers.stop());
  const { laboratory } = brokers;
  const first = await brokers.start();
  expect(first.session('alice')).toMatchObject({ queued: 5 });
  expect(first.retained('kept')).toMatchObject({ topic: 'kept' });
  const bob = await laboratory.connect(first, { clientId: 'bob' });
  await bob.publish('a/new', 'new', { qos: 1 });
  const second = await brokers.start();
  const alice = await laboratory.connect(second, { clientId: 'alice', ...lasting });
  expect(alice.connack.sessionPresent).toBe(true);
  const pubrel = await alice.expect('pubrel');
  alice.send({ type: 'pubcomp', packetId: pubrel.packetId });
  const sent = await alice.expect('publish', { topic: 'a/sent', dup: true });
  await alice.ack(sent);
  for (const text of ['queued 0', 'queued 1', 'queued 2', 'new']) {
    expect((await alice.receiveMessage()).text).toBe(text);
  }
  expect((await brokers.start()).session('alice')).toMatchObject({ queued: 0, inflight: 0 });
});

test('Aedes can take the folder back: it finds sessions, queues and retained messages', async () => {
  const folder = await temporaryFolder();
  const place = {
    instance: () => aedesPersistenceLevel(new Level(folder)),
    options: { logger: { warn: () => {} } },
  };
  const brokers = await restartable({ place: async () => place });
  const { laboratory } = brokers;
  const broker = await brokers.start();
  const alice = await laboratory.connect(broker, { clientId: 'alice', ...lasting });
  await alice.subscribe('a/#', { qos: 1 });
  await alice.disconnect();
  const bob = await laboratory.connect(broker, { clientId: 'bob' });
  for (let i = 0; i < 12; i++) await bob.publish(`a/${i}`, `queued ${i}`, { qos: 1 });
  await bob.publish('kept', 'retained', { qos: 1, retain: true });
  await brokers.stop();
  const aedes = await runAedes(folder);
  const again = await aedes.connect('alice');
  for (let i = 0; i < 12; i++) expect((await again.receiveMessage()).text).toBe(`queued ${i}`);
  await again.subscribe('kept', { qos: 1 });
  expect((await again.receiveMessage()).text).toBe('retained');
  const carol = await aedes.connect('carol', true);
  await carol.publish('a/live', 'live', { qos: 1 });
  expect((await again.receiveMessage()).text).toBe('live');
  await again.disconnect();
  await carol.publish('a/later', 'from Aedes', { qos: 2 });
  await aedes.stop();
  const back = aedesStore(place.instance(), place.options);
  const records = await loaded(back);
  onTestFinished(() => back.close());
  expect(records[0]).toMatchObject({ kind: 'session', session: { clientId: 'alice' } });
  // Aedes may not have noted the last acknowledgements: what it adds comes last in any case.
  const entry = (await back.readQueue('alice', 0, noLimits)).at(-1);
  expect(entry?.sequence).toBeGreaterThan(12);
  expect(new TextDecoder().decode(entry?.message.payload)).toBe('from Aedes');
});
