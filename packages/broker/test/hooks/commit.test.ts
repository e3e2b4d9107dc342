import { deny } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { ask, HookLaboratory, promiseByHand, publishEvent } from './hook-laboratory.ts';

describe('commitPublish', () => {
  test('consents at once when all handlers do', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { commitPublish: () => undefined } });
    laboratory.use({ name: 'b', hooks: { commitPublish: () => undefined } });
    expect(ask(laboratory.slots.commitPublish, publishEvent)).toBeUndefined();
  });

  test('runs all handlers, one after another', async () => {
    const laboratory = new HookLaboratory();
    const first = promiseByHand<void>();
    const done: string[] = [];
    laboratory.use({
      name: 'a',
      hooks: {
        commitPublish: async () => {
          await first.promise;
          done.push('a');
        },
      },
    });
    laboratory.use({
      name: 'b',
      hooks: {
        commitPublish: async () => {
          done.push('b');
        },
      },
    });
    const consent = ask(laboratory.slots.commitPublish, publishEvent);
    expect(done).toEqual([]);
    first.resolve();
    expect(await consent).toBeUndefined();
    expect(done).toEqual(['a', 'b']);
  });

  test('refuses with the first refusal', async () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { commitPublish: async () => deny(0x97, 'full') } });
    laboratory.use({ name: 'b', hooks: { commitPublish: () => deny() } });
    expect(await ask(laboratory.slots.commitPublish, publishEvent)).toEqual({
      allowed: false,
      by: 'a',
      reasonCode: 0x97,
      reasonString: 'full',
      cause: 'refused',
    });
  });

  test('refuses with 0x80 when the transaction fails', async () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      hooks: {
        commitPublish: async () => {
          throw new Error('rolled back');
        },
      },
    });
    expect(await ask(laboratory.slots.commitPublish, publishEvent)).toEqual({
      allowed: false,
      by: 'a',
      reasonCode: 0x80,
      cause: 'failed',
    });
  });
});
