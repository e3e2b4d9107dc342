import { hookKinds } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { ask, client, HookLaboratory, promiseByHand, publishEvent } from './hook-laboratory.ts';

describe('a slot', () => {
  test('exists for every hook of the table, and is null while nobody has registered', () => {
    const { slots } = new HookLaboratory();
    expect(Object.keys(slots).sort()).toEqual(Object.keys(hookKinds).sort());
    expect(Object.values(slots).every((slot) => slot === null)).toBe(true);
  });

  test('is null again when the last plugin with a handler is gone', () => {
    const laboratory = new HookLaboratory();
    const registration = laboratory.use({ name: 'a', hooks: { connected: () => {} } });
    expect(laboratory.slots.connected).not.toBeNull();
    expect(laboratory.slots.disconnected).toBeNull();
    void registration.dispose();
    expect(laboratory.slots.connected).toBeNull();
  });

  test('is made anew when plugins come and go, and not otherwise', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { connected: () => {} } });
    const before = laboratory.slots.connected;
    laboratory.use({ name: 'b', hooks: { disconnected: () => {} } });
    expect(laboratory.slots.connected).toBe(before);
    laboratory.use({ name: 'c', hooks: { connected: () => {} } });
    expect(laboratory.slots.connected).not.toBe(before);
  });

  test('asks handlers by priority, the higher first, and by registration where it is equal', () => {
    const laboratory = new HookLaboratory();
    const asked: string[] = [];
    const handler = (name: string) => () => void asked.push(name);
    laboratory.use({ name: 'plain 1', hooks: { connected: handler('plain 1') } });
    laboratory.use({ name: 'late', hooks: { connected: { priority: -5, handler: handler('late') } } });
    laboratory.use({ name: 'early', hooks: { connected: { priority: 10, handler: handler('early') } } });
    laboratory.use({ name: 'plain 2', hooks: { connected: handler('plain 2') } });
    ask(laboratory.slots.connected, { client, sessionPresent: false });
    expect(asked).toEqual(['early', 'plain 1', 'plain 2', 'late']);
  });

  test('keeps the order of registration when the earlier plugin comes into force later', async () => {
    const laboratory = new HookLaboratory();
    const asked: string[] = [];
    const first = laboratory.use({
      name: 'first',
      setup: async () => {},
      hooks: { connected: () => void asked.push('first') },
    });
    laboratory.use({ name: 'second', hooks: { connected: () => void asked.push('second') } });
    await first.ready;
    ask(laboratory.slots.connected, { client, sessionPresent: false });
    expect(asked).toEqual(['first', 'second']);
  });

  test('is not disturbed by a change while it runs', () => {
    const laboratory = new HookLaboratory();
    const asked: string[] = [];
    laboratory.use({
      name: 'a',
      hooks: {
        connected: () => {
          asked.push('a');
          void b.dispose();
          laboratory.use({ name: 'c', hooks: { connected: () => void asked.push('c') } });
        },
      },
    });
    const b = laboratory.use({ name: 'b', hooks: { connected: () => void asked.push('b') } });
    ask(laboratory.slots.connected, { client, sessionPresent: false });
    expect(asked).toEqual(['a', 'b']);
  });

  test('that waits for an answer goes on with the handlers it began with', async () => {
    const laboratory = new HookLaboratory();
    const first = promiseByHand<undefined>();
    laboratory.use({ name: 'a', hooks: { authorizePublish: () => first.promise } });
    const b = laboratory.use({ name: 'b', hooks: { authorizePublish: () => true } });
    const verdict = ask(laboratory.slots.authorizePublish, publishEvent);
    void b.dispose();
    first.resolve(undefined);
    expect(await verdict).toEqual({ allowed: true, by: 'b' });
  });

  test('does not hand its own parts to a handler as "this"', () => {
    const laboratory = new HookLaboratory();
    let receiver: unknown = 'not called';
    laboratory.use({
      name: 'a',
      hooks: {
        connected(this: unknown) {
          receiver = this;
        },
      },
    });
    ask(laboratory.slots.connected, { client, sessionPresent: false });
    expect(receiver).toBeUndefined();
  });
});
