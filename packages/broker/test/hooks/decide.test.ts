import { deny } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import {
  ask,
  deliverEvent,
  HookLaboratory,
  promiseByHand,
  publishEvent,
  subscribeEvent,
} from './hook-laboratory.ts';

describe('a hook that decides', () => {
  test('answers without a promise when its handlers do', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { authorizePublish: () => undefined } });
    laboratory.use({ name: 'b', hooks: { authorizePublish: () => true } });
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toEqual({ allowed: true, by: 'b' });
  });

  test('takes the first opinion and asks no further', () => {
    const laboratory = new HookLaboratory();
    let asked = 0;
    laboratory.use({ name: 'a', hooks: { authorizePublish: () => false } });
    laboratory.use({
      name: 'b',
      hooks: {
        authorizePublish: () => {
          asked++;
          return true;
        },
      },
    });
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toEqual({
      allowed: false,
      by: 'a',
      reasonCode: 0x87,
      cause: 'refused',
    });
    expect(asked).toBe(0);
  });

  test.each([1, 2])('says no when none of %i handlers has an opinion', (handlers) => {
    const laboratory = new HookLaboratory();
    for (let number = 0; number < handlers; number++) {
      laboratory.use({ name: `plugin ${number}`, hooks: { authorizePublish: () => undefined } });
    }
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toEqual({
      allowed: false,
      by: 'default',
      reasonCode: 0x87,
      cause: 'no-opinion',
    });
  });

  test('says no when the only handler promises an opinion and has none', async () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { authorizePublish: async () => undefined } });
    expect(await ask(laboratory.slots.authorizePublish, publishEvent)).toMatchObject({ by: 'default' });
  });

  test('waits for a promise before it asks the next handler', async () => {
    const laboratory = new HookLaboratory();
    const first = promiseByHand<undefined>();
    const asked: string[] = [];
    laboratory.use({
      name: 'a',
      hooks: {
        authorizePublish: () => {
          asked.push('a');
          return first.promise;
        },
      },
    });
    laboratory.use({
      name: 'b',
      hooks: {
        authorizePublish: async () => {
          asked.push('b');
          return true;
        },
      },
    });
    const verdict = ask(laboratory.slots.authorizePublish, publishEvent);
    expect(asked).toEqual(['a']);
    first.resolve(undefined);
    expect(await verdict).toEqual({ allowed: true, by: 'b' });
    expect(asked).toEqual(['a', 'b']);
  });

  test('leaves no timer behind when a promise was kept', async () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { authorizePublish: async () => true } });
    const verdict = ask(laboratory.slots.authorizePublish, publishEvent);
    expect(laboratory.clock.pending).toBe(1);
    await verdict;
    expect(laboratory.clock.pending).toBe(0);
  });

  test('makes one verdict per plugin for plain answers, not one per question', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      hooks: { authorizePublish: ({ message }) => message.qos === 1, authorizeDeliver: () => true },
    });
    const { authorizePublish, authorizeDeliver } = laboratory.slots;
    expect(ask(authorizePublish, publishEvent)).toBe(ask(authorizePublish, publishEvent));
    const refused = { ...publishEvent, message: { ...publishEvent.message, qos: 0 as const } };
    expect(ask(authorizePublish, refused)).toBe(ask(authorizePublish, refused));
    expect(ask(authorizeDeliver, deliverEvent)).toBe(ask(authorizeDeliver, deliverEvent));
  });

  test('carries the words of a refusal', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'quota',
      hooks: {
        authorizePublish: () => ({ ...deny(0x97, 'Enough for today'), userProperties: [['used', '100%']] }),
      },
    });
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toEqual({
      allowed: false,
      by: 'quota',
      reasonCode: 0x97,
      reasonString: 'Enough for today',
      userProperties: [['used', '100%']],
      cause: 'refused',
    });
  });

  test('takes { allow: true } for a yes, and a refusal without a code for Not authorized', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      hooks: { authorizePublish: () => ({ allow: true }), authorizeConnection: () => ({ allow: false }) },
    });
    expect(ask(laboratory.slots.authorizePublish, publishEvent)).toEqual({ allowed: true, by: 'a' });
    const { remote } = publishEvent.client ?? subscribeEvent.client;
    expect(ask(laboratory.slots.authorizeConnection, { remote })).toMatchObject({ reasonCode: 0x87 });
  });
});

describe('authorizeSubscribe', () => {
  test('may lower the QoS', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      hooks: { authorizeSubscribe: () => ({ allow: true, maximumQoS: 1 }) },
    });
    expect(ask(laboratory.slots.authorizeSubscribe, subscribeEvent)).toEqual({
      allowed: true,
      by: 'a',
      maximumQoS: 1,
    });
  });

  test('does not lower it by a plain yes', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { authorizeSubscribe: () => true } });
    expect(ask(laboratory.slots.authorizeSubscribe, subscribeEvent)).toMatchObject({ maximumQoS: 2 });
  });
});

describe('an answer that says why', () => {
  const yes = Object.freeze({ allow: true, because: 'rule 7' });
  const no = Object.freeze({ allow: false, because: 'rule 8' });

  test('is given on, by every hook that decides', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      hooks: { authorizePublish: () => yes, authorizeSubscribe: () => yes, authorizeDeliver: () => no },
    });
    const { slots } = laboratory;
    expect(ask(slots.authorizePublish, publishEvent)).toEqual({ allowed: true, by: 'a', because: 'rule 7' });
    expect(ask(slots.authorizeSubscribe, subscribeEvent)).toMatchObject({ maximumQoS: 2, because: 'rule 7' });
    expect(ask(slots.authorizeDeliver, deliverEvent)).toMatchObject({ allowed: false, because: 'rule 8' });
  });

  test('is read once when it is frozen, and every time when it is not', () => {
    const laboratory = new HookLaboratory();
    const loose = { allow: true, because: 'first' } as const;
    laboratory.use({
      name: 'a',
      hooks: { authorizePublish: ({ message }) => (message.qos === 1 ? yes : { ...loose }) },
    });
    const { authorizePublish } = laboratory.slots;
    const atQoS0 = { ...publishEvent, message: { ...publishEvent.message, qos: 0 as const } };
    expect(ask(authorizePublish, publishEvent)).toBe(ask(authorizePublish, publishEvent));
    expect(ask(authorizePublish, atQoS0)).not.toBe(ask(authorizePublish, atQoS0));
  });
});

describe('authorizeDeliver', () => {
  test('asks one handler after another, at once', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { authorizeDeliver: () => undefined } });
    expect(ask(laboratory.slots.authorizeDeliver, deliverEvent)).toMatchObject({ cause: 'no-opinion' });
    laboratory.use({ name: 'b', hooks: { authorizeDeliver: ({ clientId }) => clientId === 'display' } });
    expect(ask(laboratory.slots.authorizeDeliver, deliverEvent)).toEqual({ allowed: true, by: 'b' });
    const { authorizeDeliver } = laboratory.slots;
    expect(ask(authorizeDeliver, { ...deliverEvent, clientId: 'x' })).toMatchObject({ cause: 'refused' });
  });
});
