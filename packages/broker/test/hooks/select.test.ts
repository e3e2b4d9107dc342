import type { SelectSharedEvent } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { ask, HookLaboratory, message, statsOf, untyped } from './hook-laboratory.ts';

const event: SelectSharedEvent = {
  shareName: 'workers',
  filter: 'jobs/#',
  message,
  members: [
    { clientId: 'a', connected: true, load: 3 },
    { clientId: 'b', connected: true, load: 0 },
  ],
};

describe('selectShared', () => {
  test('takes the first choice, 0 among them', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'none', hooks: { selectShared: () => undefined } });
    laboratory.use({ name: 'first', hooks: { selectShared: () => 0 } });
    laboratory.use({ name: 'last', hooks: { selectShared: ({ members }) => members.length - 1 } });
    expect(ask(laboratory.slots.selectShared, event)).toBe(0);
  });

  test('leaves the choice to the broker when no handler makes one', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'none', hooks: { selectShared: () => undefined } });
    expect(ask(laboratory.slots.selectShared, event)).toBeUndefined();
  });

  test.each([[-1], [2], [0.5], [Number.NaN], ['0'], [null], [Promise.resolve(0)]])(
    'passes over the impossible choice %s, counts it, and asks the next handler',
    (choice) => {
      const laboratory = new HookLaboratory();
      const wrong = laboratory.use({ name: 'wrong', hooks: { selectShared: () => untyped(choice) } });
      laboratory.use({ name: 'right', hooks: { selectShared: () => 1 } });
      expect(ask(laboratory.slots.selectShared, event)).toBe(1);
      expect(statsOf(wrong, 'selectShared')).toMatchObject({ calls: 1, failures: 1 });
    },
  );
});
