import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreFailedEvent } from '@carillon/hooks';
import { StoreError } from '@carillon/persistence';
import { levelPersistence } from '@carillon/persistence-level';
import { PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BreakableDisk } from '../../packages/persistence-level/test/breakable-disk.ts';

const kept = { cleanStart: false, properties: { sessionExpiryInterval: 3600 } };

/** A broker on a real LevelDB and a real socket, whose disk a test can break. */
async function brokerOn(location: string) {
  const disk = new BreakableDisk(location);
  const broker = createBroker({ systemTopicInterval: 0 });
  broker.use(levelPersistence({ database: disk }));
  const failures: StoreFailedEvent[] = [];
  broker.use({ name: 'failures', hooks: { storeFailed: (event) => void failures.push(event) } });
  const { port } = (await broker.listen({ host: '127.0.0.1', port: 0 })).address;
  onTestFinished(() => broker.close());
  const connect = async (clientId: string, protocolVersion: 4 | 5 = 5): Promise<PacketClient> => {
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port }, { protocolVersion });
    await client.connectPacket({ clientId, ...(protocolVersion === 5 ? kept : { cleanStart: false }) });
    return client;
  };
  return { broker, disk, failures, connect };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-disk-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const ways = [
  ['that is full', (disk: BreakableDisk) => disk.break('full'), 'full', 0x97],
  ['that fails', (disk: BreakableDisk) => disk.break('broken'), 'io', 0x80],
] as const;

for (const [what, breakDisk, failure, reasonCode] of ways) {
  describe(`a disk ${what}`, () => {
    test('refuses what is published, says why, and loses nothing of before and after', async () => {
      const location = await temporaryFolder();
      const { broker, disk, failures, connect } = await brokerOn(location);
      const alice = await connect('alice');
      await alice.subscribe('news', { qos: 2 });
      await alice.disconnect();
      const bob = await connect('bob');
      await bob.publish('news', 'before', { qos: 2 });

      breakDisk(disk);
      expect(await bob.publish('news', 'refused', { qos: 1 })).toMatchObject({ reasonCode });
      expect(await bob.publish('news', 'refused too', { qos: 2 })).toMatchObject({
        type: 'pubrec',
        reasonCode,
      });
      expect(await bob.subscribe('news')).toMatchObject({ reasonCodes: [0x80] });
      await expect(broker.publish('news', 'x', { qos: 1 })).rejects.toMatchObject({
        code: 'PUBLISH_NOT_STORED',
      });
      const [first] = failures;
      expect(first).toMatchObject({ store: 'level', during: 'commit', error: { failure } });
      expect(first?.error).toBeInstanceOf(StoreError);
      // What needs no store goes on.
      await bob.publish('elsewhere', 'hello');
      await bob.ping();

      disk.mend();
      // A store that failed several times is not asked again at once.
      while ((await bob.publish('news', 'after', { qos: 2 })).type !== 'pubcomp') {}
      await broker.close();
      const next = await brokerOn(location);
      const back = await next.connect('alice');
      const texts: string[] = [];
      while (texts.at(-1) !== 'after') texts.push((await back.receiveMessage()).text);
      // QoS 1 may come though it was refused, QoS 2 may not.
      expect(texts.filter((text) => text !== 'refused' && text !== 'x')).toEqual(['before', 'after']);
    });

    test('ends the connection of a client that cannot be told, and takes what it sends again', async () => {
      const { disk, connect } = await brokerOn(await temporaryFolder());
      const alice = await connect('alice');
      await alice.subscribe('news', { qos: 2 });
      const bob = await connect('bob', 4);
      breakDisk(disk);
      bob.publishOnly('news', 'once', { qos: 2, packetId: 5 });
      await bob.expectClosed();
      disk.mend();
      const again = await connect('bob', 4);
      again.publishOnly('news', 'once', { qos: 2, packetId: 5, dup: true });
      await again.take('pubrec', { packetId: 5 });
      expect((await alice.receiveMessage()).text).toBe('once');
    });

    test('lets nobody connect who wants to keep a session, and everybody else', async () => {
      const { disk, connect } = await brokerOn(await temporaryFolder());
      const bob = await connect('bob', 4);
      breakDisk(disk);
      await expect(connect('alice')).resolves.toMatchObject({ connack: { reasonCode: 0x88 } });
      await bob.ping();
      disk.mend();
      await expect(connect('alice')).resolves.toMatchObject({ connack: { reasonCode: 0 } });
    });
  });
}

test('a database that somebody closed is opened again', async () => {
  const { disk, connect, failures } = await brokerOn(await temporaryFolder());
  const alice = await connect('alice');
  await alice.subscribe('news', { qos: 1 });
  await disk.close();
  expect(await alice.publish('news', 'refused', { qos: 2 })).toMatchObject({
    type: 'pubrec',
    reasonCode: 0x80,
  });
  expect(failures).toMatchObject([{ error: { failure: 'closed', code: 'STORE_CLOSED' } }]);
  expect(await alice.publish('news', 'kept', { qos: 2 })).toMatchObject({ reasonCode: 0 });
});
