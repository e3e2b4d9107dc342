/* What is special about Redis: shared records, maps that die with the process, streams that end early. */
import { once } from 'node:events';
import { connect } from 'node:net';
import aedesPersistenceRedis from 'aedes-persistence-redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { innerOf } from './altered-instance.ts';
import { silent, warnings } from './backends.ts';
import { redisIsInstalled, redisPort } from './redis.ts';
import { lasting, restartable } from './restartable.ts';
import { enqueue, loaded, putSession, sequences } from './sample-records.ts';

/** The keys that begin so, asked of the server itself. */
async function keysBeginning(prefix: string, port: number): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`KEYS ${prefix}*\r\nPING\r\n`);
  let answer = '';
  while (!answer.includes('+PONG')) answer += String((await once(socket, 'data'))[0]);
  socket.destroy();
  return answer.split('\r\n').filter((line) => line.startsWith(prefix));
}

function redisAt(port: number): object {
  return aedesPersistenceRedis({ host: '127.0.0.1', port });
}

describe.runIf(redisIsInstalled)('on Redis', () => {
  test('how far a delivery has come for one client is nothing to another that waits for the same message', async () => {
    const port = await redisPort();
    const brokers = await restartable({
      place: async () => ({ instance: () => redisAt(port), options: silent }),
    });
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const first = await brokers.start();
    for (const clientId of ['present', 'away']) {
      const client = await laboratory.connect(first, { clientId, ...lasting });
      await client.subscribe([{ filter: 'a', qos: 2 }], {
        properties: { subscriptionIdentifier: clientId.length },
      });
      if (clientId === 'away') await client.disconnect();
    }
    const bob = await laboratory.connect(first, { clientId: 'bob' });
    await bob.publish('a', 'for both', { qos: 2 });
    const second = await brokers.start();
    const present = await laboratory.connect(second, { clientId: 'present', ...lasting });
    expect(await present.expect('publish')).toMatchObject({ dup: true });
    const away = await laboratory.connect(second, { clientId: 'away', ...lasting });
    const message = await away.receiveMessage();
    expect(message).toMatchObject({ dup: false, text: 'for both' });
    expect(message.properties.subscriptionIdentifiers).toEqual([4]);
  });

  test('a queue longer than a stream of the backend is told, and drained to its end', async () => {
    const port = await redisPort();
    const { logger, all } = warnings();
    const limits = { maximumQueuedMessages: 5000, maximumInflight: 100 };
    const brokers = await restartable(
      { place: async () => ({ instance: () => redisAt(port), options: { logger } }) },
      {},
      { limits },
    );
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const first = await brokers.start();
    const alice = await laboratory.connect(first, { clientId: 'alice', ...lasting });
    await alice.subscribe('a', { qos: 1 });
    await alice.disconnect();
    for (let i = 0; i < 1300; i++) void first.publish('a', `${i}`, { qos: 1 });
    await laboratory.settleUntil(() => first.session('alice')?.queued === 1300);
    const second = await brokers.start();
    expect(all.join()).toContain('only the beginning of a queue');
    const again = await laboratory.connect(second, { clientId: 'alice', ...lasting });
    for (let i = 0; i < 1300; i++) expect((await again.receiveMessage()).text).toBe(`${i}`);
  });

  test('nothing of a session that ended stays in the server', async () => {
    const port = await redisPort();
    const first = aedesStore(redisAt(port), silent);
    await loaded(first);
    const numbers = Array.from({ length: 1200 }, (_, i) => i + 1);
    await first.commit([putSession('a'), ...enqueue('a', ...numbers)], 'written');
    await first.commit(
      [{ do: 'markSent', clientId: 'a', sequence: 1, packetId: 1, state: 'sent' }],
      'written',
    );
    await first.close();
    const second = aedesStore(redisAt(port), silent);
    onTestFinished(() => second.close());
    await loaded(second);
    await second.commit([{ do: 'dequeue', clientId: 'a', sequence: 1 }], 'written');
    expect((await sequences(second, 'a'))[0]).toBe(2);
    await second.commit([{ do: 'deleteSession', clientId: 'a' }], 'written');
    expect(await keysBeginning('packet:', port)).toEqual([]);
    expect(await keysBeginning('outgoing', port)).toEqual([]);
    expect(await keysBeginning('client:', port)).toEqual([]);
  });

  test('more Wills than the backend shows at once are all found, and all stay', async () => {
    const port = await redisPort();
    const instance = redisAt(port);
    const first = aedesStore(instance, { ...silent, destroyOnClose: false });
    await loaded(first);
    const inner = innerOf(instance);
    const putWill: unknown = Reflect.get(inner, 'putWill');
    if (typeof putWill !== 'function') throw new Error('no putWill');
    const numbers = Array.from({ length: 10_050 }, (_, i) => i);
    await Promise.all(
      numbers.map((i) =>
        putWill.call(inner, { id: `client ${i}` }, { topic: 'gone', payload: `${i}`, qos: 1 }),
      ),
    );
    await Reflect.get(inner, 'destroy').call(inner);
    const store = aedesStore(redisAt(port), silent);
    const wills = (await loaded(store)).flatMap((record) => (record.kind === 'will' ? [record] : []));
    await store.close();
    expect(new Set(wills.map(({ clientId }) => clientId)).size).toBe(10_050);
    expect(wills.every(({ will }) => will.message.topic === 'gone')).toBe(true);
    expect(await keysBeginning('will:', port)).toHaveLength(10_050);
  }, 60_000);
});
