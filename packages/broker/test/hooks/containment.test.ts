import type { HookFailedEvent } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { HookError } from '../../src/hooks/hook-error.ts';
import {
  ask,
  authenticateEvent,
  client,
  defaultTimeout,
  deliverEvent,
  HookLaboratory,
  promiseByHand,
  publishEvent,
  statsOf,
  untyped,
} from './hook-laboratory.ts';

const denied = { allowed: false, by: 'broken', reasonCode: 0x87, cause: 'failed' };

describe('a handler that throws', () => {
  const broken = () => {
    throw new Error('no database');
  };

  test('denies, is counted, logged with its cause, and told to observers', () => {
    const laboratory = new HookLaboratory();
    const failures = laboratory.watchFailures();
    const registration = laboratory.use({ name: 'broken', hooks: { authorizePublish: broken } });
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toEqual(denied);
    expect(statsOf(registration, 'authorizePublish')).toEqual({
      calls: 1,
      failures: 1,
      timeouts: 0,
      lateAnswers: 0,
      pending: 0,
    });
    const message = 'Plugin "broken", hook authorizePublish: failed: no database';
    expect(laboratory.logger.messages('error')).toEqual([message]);
    expect(failures).toMatchObject([{ plugin: 'broken', hook: 'authorizePublish', failure: 'threw' }]);
    const error = failures[0]?.error;
    expect(error).toBeInstanceOf(HookError);
    expect(error).toMatchObject({
      code: 'HOOK_THREW',
      plugin: 'broken',
      hook: 'authorizePublish',
      message,
      cause: new Error('no database'),
    });
  });

  test('is not asked a second opinion of: the failure is the answer, also before others', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'broken', hooks: { authorizePublish: broken } });
    laboratory.use({ name: 'generous', hooks: { authorizePublish: () => true } });
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toEqual(denied);
  });

  test('refuses an authentication', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'broken', hooks: { authenticate: broken } });
    expect(ask(laboratory.slots.authenticate, authenticateEvent)).toEqual({
      outcome: 'refused',
      refusal: denied,
    });
  });

  test('harms only the one question: the next is asked again', () => {
    const laboratory = new HookLaboratory();
    let calls = 0;
    laboratory.use({ name: 'broken', hooks: { authorizePublish: () => (calls++ === 0 ? broken() : true) } });
    const { authorizePublish } = laboratory.slots;
    expect(ask(authorizePublish, publishEvent)).toMatchObject({ allowed: false });
    expect(ask(authorizePublish, publishEvent)).toMatchObject({ allowed: true });
  });

  test.each([
    ['nothing', undefined],
    ['a word', 'broken'],
    ['null', null],
    [
      'an error that cannot be read',
      new Proxy(new Error(), {
        get: () => {
          throw new Error('unreadable');
        },
      }),
    ],
  ])('is contained when it throws %s', (_, thrown) => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'broken',
      hooks: {
        authorizePublish: () => {
          throw thrown;
        },
      },
    });
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toEqual(denied);
  });
});

describe('a handler that rejects', () => {
  test('counts as one that throws', async () => {
    const laboratory = new HookLaboratory();
    const failures = laboratory.watchFailures();
    laboratory.use({
      name: 'broken',
      hooks: { authorizePublish: () => Promise.reject(new Error('no database')) },
    });
    expect(await ask(laboratory.slots.authorizePublish, publishEvent)).toEqual(denied);
    expect(failures).toMatchObject([{ failure: 'threw', error: { code: 'HOOK_THREW' } }]);
    expect(laboratory.clock.pending).toBe(0);
  });

  test.each([
    [
      'a "then" that throws',
      () => {
        throw new Error('broken');
      },
    ],
    [
      'a "then" that rejects twice',
      (_: unknown, reject: (thrown: Error) => void) => [1, 2].map(() => reject(new Error())),
    ],
  ])('is contained with %s', async (_, then) => {
    const laboratory = new HookLaboratory();
    const thenable = { then };
    laboratory.use({ name: 'broken', hooks: { authorizePublish: () => untyped(thenable) } });
    expect(await ask(laboratory.slots.authorizePublish, publishEvent)).toEqual(denied);
  });
});

describe('a handler that hangs', () => {
  const forever = () => new Promise<boolean>(() => {});

  test('denies when its time is up, and not before', async () => {
    const laboratory = new HookLaboratory();
    const failures = laboratory.watchFailures();
    const registration = laboratory.use({ name: 'broken', hooks: { authorizePublish: forever } });
    let verdict: unknown = 'waiting';
    void Promise.resolve(ask(laboratory.slots.authorizePublish, publishEvent)).then((answer) => {
      verdict = answer;
    });
    await laboratory.clock.advance(defaultTimeout - 1);
    expect(verdict).toBe('waiting');
    await laboratory.clock.advance(1);
    expect(verdict).toEqual(denied);
    expect(statsOf(registration, 'authorizePublish')).toMatchObject({ failures: 0, timeouts: 1, pending: 1 });
    expect(failures).toMatchObject([{ failure: 'timed-out', error: { code: 'HOOK_TIMED_OUT' } }]);
  });

  test('has the time its plugin sets', async () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'broken',
      timeoutMs: 50,
      hooks: { commitPublish: () => new Promise<void>(() => {}) },
    });
    const refusal = ask(laboratory.slots.commitPublish, publishEvent);
    await laboratory.clock.advance(50);
    expect(await refusal).toMatchObject({ reasonCode: 0x80, cause: 'failed' });
  });

  test('does not change the verdict by a late answer, which is counted and told', async () => {
    const laboratory = new HookLaboratory();
    const failures = laboratory.watchFailures();
    const answer = promiseByHand<boolean>();
    const registration = laboratory.use({
      name: 'broken',
      hooks: { authorizePublish: () => answer.promise },
    });
    const verdict = ask(laboratory.slots.authorizePublish, publishEvent);
    await laboratory.clock.advance(defaultTimeout);
    answer.resolve(true);
    await laboratory.clock.advance(0);
    expect(await verdict).toEqual(denied);
    expect(statsOf(registration, 'authorizePublish')).toMatchObject({
      timeouts: 1,
      lateAnswers: 1,
      pending: 0,
    });
    expect(failures.map(({ failure }) => failure)).toEqual(['timed-out', 'late-answer']);
  });

  test('is told by its signal, and may reject then without being counted again', async () => {
    const laboratory = new HookLaboratory();
    const reasons: unknown[] = [];
    const registration = laboratory.use({
      name: 'broken',
      hooks: {
        authorizePublish: (_, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason);
              reject(signal.reason);
            });
          }),
      },
    });
    void ask(laboratory.slots.authorizePublish, publishEvent);
    expect(reasons).toEqual([]);
    await laboratory.clock.advance(defaultTimeout);
    expect(reasons).toMatchObject([{ code: 'HOOK_TIMED_OUT' }]);
    expect(statsOf(registration, 'authorizePublish')).toEqual({
      calls: 1,
      failures: 0,
      timeouts: 1,
      lateAnswers: 0,
      pending: 0,
    });
  });

  test('finds its signal aborted when it looks for the first time after the time-out', async () => {
    const laboratory = new HookLaboratory();
    const goOn = promiseByHand<void>();
    let aborted: boolean | undefined;
    laboratory.use({
      name: 'broken',
      hooks: {
        authorizePublish: async (_, context) => {
          await goOn.promise;
          aborted = context.signal.aborted;
          return true;
        },
      },
    });
    void ask(laboratory.slots.authorizePublish, publishEvent);
    await laboratory.clock.advance(defaultTimeout);
    goOn.resolve();
    await laboratory.clock.advance(0);
    expect(aborted).toBe(true);
  });
});

test('a signal is one object however often it is read, and does not abort when the answer came in time', async () => {
  const laboratory = new HookLaboratory();
  const signals: AbortSignal[] = [];
  laboratory.use({
    name: 'a',
    hooks: {
      authorizePublish: async (_, context) => {
        signals.push(context.signal, context.signal);
        return true;
      },
    },
  });
  await ask(laboratory.slots.authorizePublish, publishEvent);
  await laboratory.clock.advance(defaultTimeout);
  expect(signals[0]).toBe(signals[1]);
  expect(signals[0]?.aborted).toBe(false);
});

test('a promise from a synchronous hook fails, and its rejection harms nobody', async () => {
  const laboratory = new HookLaboratory();
  const failures = laboratory.watchFailures();
  const answer = Promise.reject(new Error('unheard'));
  laboratory.use({
    name: 'broken',
    hooks: { authorizeDeliver: () => untyped(answer), rewriteDeliver: () => untyped(answer) },
  });
  expect(ask(laboratory.slots.authorizeDeliver, deliverEvent)).toEqual(denied);
  expect(ask(laboratory.slots.rewriteDeliver, deliverEvent)).toMatchObject({
    ok: false,
    refusal: { reasonCode: 0x80 },
  });
  await laboratory.clock.advance(defaultTimeout);
  expect(failures).toMatchObject([
    { hook: 'authorizeDeliver', failure: 'promise-from-sync', error: { code: 'HOOK_PROMISE_FROM_SYNC' } },
    { hook: 'rewriteDeliver', failure: 'promise-from-sync' },
  ]);
});

describe('hookFailed', () => {
  test('is not told of its own failure, which is counted and logged', () => {
    const laboratory = new HookLaboratory();
    const told: HookFailedEvent[] = [];
    const first = laboratory.use({
      name: 'first',
      hooks: {
        hookFailed: () => {
          throw new Error('broken watcher');
        },
      },
    });
    laboratory.use({ name: 'second', hooks: { hookFailed: (event) => void told.push(event) } });
    laboratory.use({
      name: 'broken',
      hooks: {
        connected: () => {
          throw new Error('broken');
        },
      },
    });
    ask(laboratory.slots.connected, { client, sessionPresent: false });
    expect(told.map(({ hook }) => hook)).toEqual(['connected']);
    expect(statsOf(first, 'hookFailed')).toMatchObject({ calls: 1, failures: 1 });
    expect(laboratory.logger.messages('error')).toHaveLength(2);
  });

  test('is not told of its own failure by promise either', async () => {
    const laboratory = new HookLaboratory();
    const registration = laboratory.use({
      name: 'broken',
      hooks: {
        hookFailed: async () => {
          throw new Error('broken watcher');
        },
        connected: () => {
          throw new Error('broken');
        },
      },
    });
    ask(laboratory.slots.connected, { client, sessionPresent: false });
    await laboratory.clock.advance(0);
    expect(statsOf(registration, 'hookFailed')).toMatchObject({ calls: 1, failures: 1 });
  });

  test('does not go round in circles when its handler makes another hook fail', () => {
    const laboratory = new HookLaboratory();
    const registration = laboratory.use({
      name: 'broken',
      hooks: {
        hookFailed: () => void ask(laboratory.slots.authorizePublish, publishEvent),
        authorizePublish: () => {
          throw new Error('broken');
        },
      },
    });
    void ask(laboratory.slots.authorizePublish, publishEvent);
    expect(statsOf(registration, 'hookFailed').calls).toBe(1);
    expect(statsOf(registration, 'authorizePublish').failures).toBe(2);
    void ask(laboratory.slots.authorizePublish, publishEvent);
    expect(statsOf(registration, 'hookFailed').calls).toBe(2);
  });
});
