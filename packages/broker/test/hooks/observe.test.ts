import { describe, expect, test } from 'vitest';
import {
  ask,
  client,
  defaultTimeout,
  HookLaboratory,
  promiseByHand,
  statsOf,
  untyped,
} from './hook-laboratory.ts';

const event = { client, sessionPresent: false };

describe('a hook that observes', () => {
  test('tells every handler, whatever becomes of the others', () => {
    const laboratory = new HookLaboratory();
    const told: string[] = [];
    const broken = laboratory.use({
      name: 'broken',
      hooks: {
        connected: () => {
          throw new Error('broken');
        },
      },
    });
    laboratory.use({ name: 'a', hooks: { connected: () => void told.push('a') } });
    expect(ask(laboratory.slots.connected, event)).toBeUndefined();
    expect(told).toEqual(['a']);
    expect(statsOf(broken, 'connected')).toMatchObject({ calls: 1, failures: 1 });
  });

  test('does not throw when the only handler does', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'broken',
      hooks: {
        connected: () => {
          throw new Error('broken');
        },
      },
    });
    expect(ask(laboratory.slots.connected, event)).toBeUndefined();
    expect(laboratory.logger.messages('error')).toEqual(['Plugin "broken", hook connected: failed: broken']);
  });

  test('waits for no promise, and counts one that is rejected', async () => {
    const laboratory = new HookLaboratory();
    const later = promiseByHand<void>();
    const told: string[] = [];
    const slow = laboratory.use({ name: 'slow', hooks: { connected: () => later.promise } });
    laboratory.use({ name: 'a', hooks: { connected: () => void told.push('a') } });
    expect(ask(laboratory.slots.connected, event)).toBeUndefined();
    expect(told).toEqual(['a']);
    expect(statsOf(slow, 'connected')).toMatchObject({ pending: 1, failures: 0 });
    later.reject(new Error('broken'));
    await laboratory.clock.advance(0);
    expect(statsOf(slow, 'connected')).toMatchObject({ pending: 0, failures: 1 });
    expect(laboratory.clock.pending).toBe(0);
  });

  test('counts a promise that takes too long', async () => {
    const laboratory = new HookLaboratory();
    const slow = laboratory.use({
      name: 'slow',
      hooks: { connected: () => new Promise<void>(() => {}) },
    });
    ask(laboratory.slots.connected, event);
    await laboratory.clock.advance(defaultTimeout);
    expect(statsOf(slow, 'connected')).toMatchObject({ timeouts: 1, pending: 1 });
  });

  test('does not mind what a handler answers', () => {
    const laboratory = new HookLaboratory();
    const chatty = laboratory.use({ name: 'chatty', hooks: { connected: () => untyped({ any: 'thing' }) } });
    ask(laboratory.slots.connected, event);
    expect(statsOf(chatty, 'connected')).toMatchObject({ failures: 0 });
  });
});
