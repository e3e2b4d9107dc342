import type { Plugin } from '@carillon/hooks';
import { seededRandom } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import {
  ask,
  client,
  defaultTimeout,
  deliverEvent,
  HookLaboratory,
  promiseByHand,
  publishEvent,
  statsOf,
  untyped,
} from './hook-laboratory.ts';

const connectedEvent = { client, sessionPresent: false };

describe('use refuses', () => {
  const cases: readonly (readonly [what: string, plugin: unknown, complaint: string])[] = [
    ['nothing at all', undefined, 'A plugin must be an object with a name, not undefined'],
    ['no name', {}, 'A plugin needs a name'],
    ['an empty name', { name: '' }, 'A plugin needs a name'],
    ['a mistyped hook', { name: 'a', hooks: { authorisePublish() {} } }, 'did you mean authorizePublish'],
    [
      'a hook of another broker',
      { name: 'a', hooks: { preConnect() {} } },
      'there are authorizeConnection, ',
    ],
    ['hooks that are a function', { name: 'a', hooks: () => {} }, 'hooks is a function'],
    ['a handler that is none', { name: 'a', hooks: { connected: 'log' } }, 'hook connected is a string'],
    ['null for a handler', { name: 'a', hooks: { connected: null } }, 'hook connected is null'],
    [
      'an object without handler',
      { name: 'a', hooks: { connected: { priority: 1 } } },
      'or an object with a handler',
    ],
    [
      'an onlyRefuses that is neither true nor false',
      { name: 'a', hooks: { authenticate: { handler() {}, onlyRefuses: 1 } } },
      'onlyRefuses of hook authenticate must be true or false',
    ],
    [
      'a priority that is no number',
      { name: 'a', hooks: { connected: { handler() {}, priority: '1' } } },
      'priority',
    ],
    [
      'NaN for a priority',
      { name: 'a', hooks: { connected: { handler() {}, priority: Number.NaN } } },
      'priority',
    ],
    ['no time at all', { name: 'a', timeoutMs: 0 }, 'timeoutMs is the number 0'],
    ['endless time', { name: 'a', timeoutMs: Number.POSITIVE_INFINITY }, 'timeoutMs is the number Infinity'],
    ['a time that is no number', { name: 'a', timeoutMs: '5s' }, 'timeoutMs is a string'],
    ['a setup that is none', { name: 'a', setup: true }, 'setup is true; it must be a function'],
    ['a close that is none', { name: 'a', close: 1 }, 'close is the number 1; it must be a function'],
  ];

  test.each(cases)('%s', (_, plugin, complaint) => {
    const laboratory = new HookLaboratory();
    const use = () => laboratory.use(untyped(plugin));
    expect(use).toThrow(TypeError);
    expect(use).toThrow(complaint);
    expect(use).toThrow(expect.objectContaining({ code: 'PLUGIN_INVALID' }));
    expect(laboratory.hooks.plugins()).toEqual([]);
  });

  test('a second plugin of a name, until the first is disposed of', async () => {
    const laboratory = new HookLaboratory();
    const closing = promiseByHand<void>();
    const first = laboratory.use({ name: 'a', close: () => closing.promise });
    expect(() => laboratory.use({ name: 'a' })).toThrow(
      expect.objectContaining({ code: 'PLUGIN_DUPLICATE' }),
    );
    const disposed = first.dispose();
    laboratory.use({ name: 'a' });
    closing.resolve();
    await disposed;
    expect(laboratory.hooks.plugins()).toEqual(['a']);
  });
});

test('use takes handlers from the prototype of hooks too, and passes over those that are undefined', () => {
  class Hooks {
    connected() {}
  }
  const laboratory = new HookLaboratory();
  laboratory.use({ name: 'a', hooks: new Hooks() });
  laboratory.use({ name: 'b', hooks: untyped({ disconnected: undefined }) });
  expect(laboratory.slots.connected).not.toBeNull();
  expect(laboratory.slots.disconnected).toBeNull();
});

describe('setup', () => {
  test('runs once, before the hooks are in force, with the broker', () => {
    const laboratory = new HookLaboratory();
    const seen: unknown[] = [];
    laboratory.use({
      name: 'a',
      setup: (broker) => void seen.push(broker, laboratory.slots.connected),
      hooks: { connected: () => {} },
    });
    expect(seen).toEqual([laboratory.broker, null]);
    expect(laboratory.slots.connected).not.toBeNull();
  });

  test('is lent the clock, the randomness and the log of the broker, its lines naming the plugin', async () => {
    const laboratory = new HookLaboratory();
    const done: string[] = [];
    laboratory.use({
      name: 'a',
      setup: (_broker, { clock, random, logger }) => {
        clock.schedule(1000, () => done.push('a second later'));
        random(new Uint8Array(4));
        for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({ file: 'x' }, level);
      },
    });
    await laboratory.clock.advance(1000);
    expect(done).toEqual(['a second later']);
    expect(laboratory.random.bytes(4)).not.toEqual(seededRandom(1).bytes(4));
    expect(laboratory.logger.records).toEqual(
      ['debug', 'info', 'warn', 'error'].map((level) => ({
        level,
        details: { plugin: 'a', file: 'x' },
        message: level,
      })),
    );
  });

  test('has its plugin as "this"', () => {
    const laboratory = new HookLaboratory();
    const plugin = {
      name: 'a',
      ready: false,
      setup() {
        this.ready = true;
      },
    };
    laboratory.use(plugin);
    expect(plugin.ready).toBe(true);
  });

  test('by promise puts observers in force when it has resolved', async () => {
    const laboratory = new HookLaboratory();
    const setup = promiseByHand<void>();
    const registration = laboratory.use({
      name: 'a',
      setup: () => setup.promise,
      hooks: { connected: () => {} },
    });
    expect(laboratory.slots.connected).toBeNull();
    expect(laboratory.hooks.plugins()).toEqual(['a']);
    setup.resolve();
    await registration.ready;
    expect(laboratory.slots.connected).not.toBeNull();
  });

  test('by promise lets those wait who ask meanwhile, so that nobody slips in', async () => {
    const laboratory = new HookLaboratory();
    const setup = promiseByHand<void>();
    const registration = laboratory.use({
      name: 'a',
      setup: () => setup.promise,
      hooks: { authorizePublish: () => true, authorizeDeliver: () => true },
    });
    const verdict = ask(laboratory.slots.authorizePublish, publishEvent);
    expect(verdict).toBeInstanceOf(Promise);
    expect(ask(laboratory.slots.authorizeDeliver, deliverEvent)).toMatchObject({ allowed: false });
    setup.resolve();
    expect(await verdict).toMatchObject({ allowed: true });
    await registration.ready;
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toMatchObject({ allowed: true });
    expect(ask(laboratory.slots.authorizeDeliver, deliverEvent)).toMatchObject({ allowed: true });
  });

  test('that takes too long refuses those who wait', async () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      setup: () => new Promise(() => {}),
      hooks: { authorizePublish: () => true },
    });
    const verdict = ask(laboratory.slots.authorizePublish, publishEvent);
    await laboratory.clock.advance(defaultTimeout);
    expect(await verdict).toMatchObject({ allowed: false });
  });

  test('that rejects refuses what the plugin was to decide, until the plugin is gone', async () => {
    const laboratory = new HookLaboratory();
    const registration = laboratory.use({
      name: 'a',
      setup: () => Promise.reject(new Error('no database')),
      hooks: { authorizePublish: () => true },
    });
    expect(await ask(laboratory.slots.authorizePublish, publishEvent)).toMatchObject({ allowed: false });
    expect(await ask(laboratory.slots.authorizePublish, publishEvent)).toMatchObject({ allowed: false });
    await registration.dispose();
    expect(laboratory.slots.authorizePublish).toBeNull();
  });

  test('that rejects leaves its name to another, which takes the place of its hooks', async () => {
    const laboratory = new HookLaboratory();
    const failed = laboratory.use({
      name: 'a',
      setup: () => Promise.reject(new Error('no database')),
      hooks: { authorizePublish: () => false },
    });
    await expect(failed.ready).rejects.toThrow('no database');
    laboratory.use({ name: 'a', hooks: { authorizePublish: () => true } });
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toMatchObject({ allowed: true });
  });

  test('that throws undoes the registration and is thrown on', () => {
    const laboratory = new HookLaboratory();
    const cause = new Error('no database');
    const plugin: Plugin = {
      name: 'a',
      setup: () => {
        throw cause;
      },
      hooks: { connected: () => {} },
    };
    expect(() => laboratory.use(plugin)).toThrow(
      expect.objectContaining({ code: 'PLUGIN_SETUP_FAILED', plugin: 'a', cause }),
    );
    expect(laboratory.slots.connected).toBeNull();
    expect(laboratory.hooks.plugins()).toEqual([]);
    laboratory.use({ name: 'a' });
  });

  test('that rejects undoes it too, is logged, and does not end a process that does not look', async () => {
    const laboratory = new HookLaboratory();
    let closed = 0;
    const registration = laboratory.use({
      name: 'a',
      setup: () => Promise.reject(new Error('no database')),
      close: () => void closed++,
      hooks: { connected: () => {} },
    });
    await laboratory.clock.advance(0);
    await expect(registration.ready).rejects.toMatchObject({ code: 'PLUGIN_SETUP_FAILED' });
    expect(laboratory.logger.messages('error')).toEqual(['Plugin "a": setup failed: no database']);
    expect(laboratory.hooks.plugins()).toEqual([]);
    await registration.dispose();
    expect(closed).toBe(0);
  });

  test('that ends after its plugin was disposed of does not put the hooks in force', async () => {
    const laboratory = new HookLaboratory();
    const setup = promiseByHand<void>();
    const done: string[] = [];
    const registration = laboratory.use({
      name: 'a',
      setup: () => setup.promise.then(() => void done.push('setup')),
      close: () => void done.push('close'),
      hooks: { connected: () => {} },
    });
    const disposed = registration.dispose();
    setup.resolve();
    await disposed;
    expect(laboratory.slots.connected).toBeNull();
    expect(done).toEqual(['setup', 'close']);
  });

  test('that rejects after its plugin was disposed of leaves nothing to close', async () => {
    const laboratory = new HookLaboratory();
    const setup = promiseByHand<void>();
    let closed = 0;
    const registration = laboratory.use({
      name: 'a',
      setup: () => setup.promise,
      close: () => void closed++,
    });
    const disposed = registration.dispose();
    setup.reject(new Error('no database'));
    await disposed;
    expect(closed).toBe(0);
    expect(laboratory.hooks.plugins()).toEqual([]);
  });

  test('that never ends does not keep its plugin from closing', async () => {
    const laboratory = new HookLaboratory();
    let closed = 0;
    const registration = laboratory.use({
      name: 'a',
      setup: () => new Promise(() => {}),
      close: () => void closed++,
    });
    const disposed = registration.dispose();
    await laboratory.clock.advance(defaultTimeout);
    await disposed;
    expect(closed).toBe(1);
  });
});

describe('dispose', () => {
  test('takes the hooks out at once, then closes, once', async () => {
    const laboratory = new HookLaboratory();
    let closed = 0;
    const registration = laboratory.use({
      name: 'a',
      hooks: { connected: () => {} },
      close: async () => void closed++,
    });
    const first = registration.dispose();
    expect(laboratory.slots.connected).toBeNull();
    expect(registration.dispose()).toBe(first);
    registration[Symbol.dispose]();
    await registration[Symbol.asyncDispose]();
    expect(closed).toBe(1);
    expect(laboratory.clock.pending).toBe(0);
  });

  test('leaves the handlers of others in force', () => {
    const laboratory = new HookLaboratory();
    const a = laboratory.use({ name: 'a', hooks: { authorizePublish: () => true } });
    laboratory.use({ name: 'b', hooks: { authorizePublish: () => false } });
    void a.dispose();
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toMatchObject({ by: 'b' });
  });

  test('lets what was asked before be answered', async () => {
    const laboratory = new HookLaboratory();
    const answer = promiseByHand<boolean>();
    const registration = laboratory.use({
      name: 'a',
      hooks: { authorizePublish: () => answer.promise },
    });
    const verdict = ask(laboratory.slots.authorizePublish, publishEvent);
    await registration.dispose();
    answer.resolve(true);
    expect(await verdict).toEqual({ allowed: true, by: 'a' });
  });

  const troubles: readonly (readonly [string, () => Promise<void>, string])[] = [
    [
      'throws',
      () => {
        throw new Error('stuck');
      },
      'close failed: stuck',
    ],
    ['rejects', () => Promise.reject(new Error('stuck')), 'close failed: stuck'],
    ['hangs', () => new Promise(() => {}), 'close failed: not done within 1000 ms.'],
  ];

  test.each(troubles)('resolves and logs when close %s', async (_, close, complaint) => {
    const laboratory = new HookLaboratory();
    const registration = laboratory.use({ name: 'a', close });
    const disposed = registration.dispose();
    await laboratory.clock.advance(defaultTimeout);
    await disposed;
    expect(laboratory.logger.messages('error')).toEqual([`Plugin "a": ${complaint}`]);
    expect(laboratory.clock.pending).toBe(0);
  });
});

describe('closeAll', () => {
  test('closes the plugins one after another, the last registered first', async () => {
    const laboratory = new HookLaboratory();
    const events: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      laboratory.use({
        name,
        close: async () => {
          events.push(`${name} closing`);
          await Promise.resolve();
          events.push(`${name} closed`);
        },
      });
    }
    await laboratory.hooks.closeAll();
    expect(events).toEqual(['c', 'b', 'a'].flatMap((name) => [`${name} closing`, `${name} closed`]));
    expect(laboratory.hooks.plugins()).toEqual([]);
  });

  test('waits for a plugin that is being closed already', async () => {
    const laboratory = new HookLaboratory();
    const closing = promiseByHand<void>();
    const registration = laboratory.use({ name: 'a', close: () => closing.promise });
    void registration.dispose();
    let closed = false;
    const all = laboratory.hooks.closeAll().then(() => {
      closed = true;
    });
    await laboratory.clock.advance(0);
    expect(closed).toBe(false);
    closing.resolve();
    await all;
  });
});

test('stats tells of each hook of the plugin, also after it is gone', async () => {
  const laboratory = new HookLaboratory();
  const registration = laboratory.use({
    name: 'a',
    hooks: { connected: () => {}, disconnected: () => {} },
  });
  ask(laboratory.slots.connected, connectedEvent);
  await registration.dispose();
  expect(Object.keys(registration.stats().hooks).sort()).toEqual(['connected', 'disconnected']);
  expect(statsOf(registration, 'connected').calls).toBe(1);
  expect(statsOf(registration, 'disconnected').calls).toBe(0);
});
