import type { RefusedEvent } from '@carillon/hooks';
import { memoryStore, type Store } from '@carillon/persistence';
import { describe, expect, test } from 'vitest';
import type { EngineOptions } from '../../src/index.ts';
import { Notes } from '../broker-under-test.ts';
import { Restarts } from './restarts.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };

/** A house over a store of which some calls never answer; `calls` are those that it got. */
function houseWhere(hanging: Partial<Store>, options: EngineOptions = {}) {
  const memory = memoryStore();
  const calls: string[] = [];
  const store: Store = {
    name: 'stuck',
    supports: memory.supports,
    open: () => hanging.open?.(),
    load: () => hanging.load?.() ?? memory.load(),
    commit: (batch, durability) => {
      calls.push('commit');
      return hanging.commit?.(batch, durability) ?? memory.commit(batch, durability);
    },
    readQueue: (clientId, after, limits) => memory.readQueue(clientId, after, limits),
    close: () => {
      calls.push('close');
      return hanging.close?.();
    },
  };
  const refused = new Notes<RefusedEvent>();
  return { house: new Restarts(options, { refused: refused.take }, store), calls, refused };
}

const never = (): Promise<never> => new Promise(() => {});

/** What became of a promise after so much time. */
async function outcomeOf({ laboratory }: Restarts, work: Promise<unknown>, milliseconds: number) {
  let outcome: unknown = 'pending';
  work.then(
    () => {
      outcome = 'done';
    },
    (error: unknown) => {
      outcome = error;
    },
  );
  await laboratory.advance(milliseconds);
  return outcome;
}

describe('a store that does not answer a commit', () => {
  test('leaves what depends on it unanswered; the rest goes on', async () => {
    const { house } = houseWhere({ commit: never });
    const alice = await house.connect({ clientId: 'alice' });
    await alice.subscribe('news');
    const bob = house.arrive();
    bob.send({ type: 'connect', clientId: 'bob', ...kept });
    await bob.expectNothing();
    const carol = await house.connect({ clientId: 'carol' });
    await carol.publish('news', 'hello');
    expect((await alice.receiveMessage()).text).toBe('hello');
  });

  test('is given up by close after ten seconds: it is closed, asked nothing more, and close says so', async () => {
    const { house, calls } = houseWhere({ commit: never });
    const bob = house.arrive();
    bob.send({ type: 'connect', clientId: 'bob', ...kept });
    await bob.settle();
    const closed = house.broker.close();
    expect(await outcomeOf(house, closed, 9_999)).toBe('pending');
    expect(await outcomeOf(house, closed, 1)).toMatchObject({
      code: 'BROKER_STORE_HANGS',
      message: expect.stringContaining('the store "stuck" has not stored what it was asked within 10000 ms'),
    });
    expect(calls).toEqual(['commit', 'close']);
    await expect(house.broker.publish('news', 'x')).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
  });

  test('is given up as soon as the host wants it so', async () => {
    const { house } = houseWhere({ commit: never });
    house.arrive().send({ type: 'connect', clientId: 'bob', ...kept });
    await house.laboratory.settle();
    const closed = house.broker.close({ storeWithin: 50 });
    expect(await outcomeOf(house, closed, 50)).toMatchObject({ code: 'BROKER_STORE_HANGS' });
  });
});

test('a store that does not close is given up likewise', async () => {
  const { house } = houseWhere({ close: never });
  await house.connect();
  const closed = house.broker.close();
  expect(await outcomeOf(house, closed, 10_000)).toMatchObject({
    code: 'BROKER_STORE_HANGS',
    message: expect.stringContaining('has not closed within'),
  });
});

test('a store that fails to close is told by close', async () => {
  const failure = new Error('the disk is gone');
  const { house } = houseWhere({ close: () => Promise.reject(failure) });
  await house.connect();
  expect(await outcomeOf(house, house.broker.close(), 1)).toBe(failure);
});

for (const [what, hanging] of [
  ['open', { open: never }],
  [
    'load',
    {
      load: async function* () {
        yield await never();
      },
    },
  ],
] as const) {
  describe(`a store that does not ${what}`, () => {
    test('is waited for, which the log is told again and again', async () => {
      const { house } = houseWhere(hanging);
      expect(await outcomeOf(house, house.broker.start(), 30_000)).toBe('pending');
      const warnings = house.laboratory.logger.records.filter(({ level }) => level === 'warn');
      expect(warnings).toMatchObject([
        { message: expect.stringContaining('waits for its store'), details: { store: 'stuck', records: 0 } },
        {},
        {},
      ]);
    });

    test('keeps a connection waiting no longer than it may take to connect', async () => {
      const { house, refused } = houseWhere(hanging);
      const alice = house.arrive();
      alice.send({ type: 'connect', clientId: 'alice' });
      await house.laboratory.advance(9_999);
      expect(alice.closed).toBe(false);
      await house.laboratory.advance(1);
      await alice.expectClosed();
      expect(refused.all).toMatchObject([
        { what: 'connection', reasonCode: 0x88, by: 'limit:connectTimeout' },
      ]);
    });

    test('keeps no more connections waiting than there may be', async () => {
      const { house, refused } = houseWhere(hanging, { limits: { maximumConnections: 2 } });
      const [first, second, third] = [house.arrive(), house.arrive(), house.arrive()];
      await third.expectClosed();
      expect([first.closed, second.closed]).toEqual([false, false]);
      expect(refused.all).toMatchObject([{ reasonCode: 0x97, by: 'limit:maximumConnections' }]);
    });

    test('does not keep the broker from closing: start and close say why', async () => {
      const { house, calls } = houseWhere(hanging);
      const alice = house.arrive();
      const started = house.broker.start();
      started.catch(() => {});
      const closed = house.broker.close();
      closed.catch(() => {});
      expect(await outcomeOf(house, started, 10_000)).toMatchObject({
        code: 'BROKER_STORE_HANGS',
        message: expect.stringContaining('has not loaded what it has within 10000 ms'),
      });
      expect(await outcomeOf(house, closed, 0)).toMatchObject({ code: 'BROKER_STORE_HANGS' });
      expect(alice.closed).toBe(true);
      expect(calls).toEqual(['close']);
    });
  });
}
