import type { Clock } from '@carillon/hooks';
import { type AnyLevel, levelStore } from '@carillon/persistence-level';
import { Laboratory, type PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { MemoryLevel } from 'memory-level';
import { expect, test } from 'vitest';

const publishers = 50;

/** A disk whose flush takes its time, by the clock of the test. */
class SlowDisk {
  flushes = 0;
  /** Milliseconds. */
  flushTakes = 0;
  readonly database: AnyLevel;

  constructor(clock: Clock) {
    const level = new MemoryLevel<string, Uint8Array>();
    const batch: AnyLevel['batch'] = async (changes, options) => {
      await level.batch(changes, options);
      if (options.sync !== true) return;
      this.flushes++;
      const { flushTakes } = this;
      if (flushTakes > 0) await new Promise<void>((resolve) => clock.schedule(flushTakes, resolve));
    };
    this.database = new Proxy<AnyLevel>(level, {
      get: (target, name) => {
        if (name === 'batch') return batch;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

/** How often the disk is flushed, and how many milliseconds pass, until all publishers have all their PUBACKs. */
async function publishAll(messagesEach: number) {
  const laboratory = new Laboratory();
  const disk = new SlowDisk(laboratory.clock);
  const persistence = levelStore({ database: disk.database, durability: 'synced' });
  const broker = createBroker({ ...laboratory.platform, persistence, systemTopicInterval: 0 });
  const clients: PacketClient[] = [];
  for (let i = 0; i < publishers; i++) clients.push(await laboratory.connect(broker));
  const away = await laboratory.connect(broker, {
    clientId: 'away',
    properties: { sessionExpiryInterval: 60 },
  });
  await away.subscribe('#', { qos: 1 });
  await away.drop();

  disk.flushTakes = 5;
  disk.flushes = 0;
  const started = laboratory.clock.elapsed();
  for (const client of clients) {
    for (let n = 0; n < messagesEach; n++) client.publishOnly('t', `${n}`, { qos: 1 });
  }
  let answered = 0;
  while (answered < publishers * messagesEach) {
    await laboratory.advance(5);
    for (const client of clients) {
      const packets = await client.receiveAll();
      answered += packets.filter(({ type }) => type === 'puback').length;
    }
  }
  return { flushes: disk.flushes, milliseconds: laboratory.clock.elapsed() - started };
}

test('fifty publishers share flushes, however many messages they send', async () => {
  // The first message to come is flushed alone; while that goes on, all others gather.
  expect((await publishAll(1)).flushes).toBeLessThanOrEqual(2);
  expect(await publishAll(20)).toEqual({ flushes: 2, milliseconds: 10 });
});
