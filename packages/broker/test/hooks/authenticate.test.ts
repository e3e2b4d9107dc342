import { deny, redirect } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { ask, authenticateEvent, client, enhancedEvent, HookLaboratory } from './hook-laboratory.ts';

describe('authenticate', () => {
  test('takes true for an empty grant', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { authenticate: () => true } });
    expect(ask(laboratory.slots.authenticate, authenticateEvent)).toEqual({
      outcome: 'granted',
      by: 'a',
      grant: { allow: true },
    });
  });

  test('hands over everything a grant can carry', async () => {
    const laboratory = new HookLaboratory();
    const grant = {
      allow: true,
      identity: 'ann@example',
      mountPoint: 'tenants/7/',
      permissions: { publish: ['site/#'], subscribe: [], receive: ['site/+/temperature'] },
      limits: { maximumQoS: 1, receiveMaximum: 5, maximumQueuedMessages: 0, serverKeepAlive: 30 },
      expiresAt: 2_000_000,
      userProperties: [['plan', 'small']],
      reasonString: 'Welcome',
      assignedClientId: 'ann-1',
      responseInformation: 'replies/ann/',
    } as const;
    laboratory.use({ name: 'a', hooks: { authenticate: async () => grant } });
    expect(await ask(laboratory.slots.authenticate, authenticateEvent)).toEqual({
      outcome: 'granted',
      by: 'a',
      grant,
    });
  });

  test('hands over copies: what a plugin changes afterwards changes nothing', () => {
    const laboratory = new HookLaboratory();
    const filters = ['site/#'];
    laboratory.use({
      name: 'a',
      hooks: { authenticate: () => ({ allow: true, permissions: { publish: filters } }) },
    });
    const outcome = ask(laboratory.slots.authenticate, authenticateEvent);
    filters.push('#');
    expect(outcome).toMatchObject({ grant: { permissions: { publish: ['site/#'] } } });
  });

  test('refuses with 0x87 for false, and with the code and words of a refusal', () => {
    const laboratory = new HookLaboratory();
    const banned = deny(0x8a, 'Go away');
    laboratory.use({
      name: 'a',
      hooks: { authenticate: ({ username }) => (username === 'ann' ? false : banned) },
    });
    const { authenticate } = laboratory.slots;
    expect(ask(authenticate, authenticateEvent)).toEqual({
      outcome: 'refused',
      refusal: { allowed: false, by: 'a', reasonCode: 0x87, cause: 'refused' },
    });
    expect(ask(authenticate, { ...authenticateEvent, username: 'bob' })).toMatchObject({
      outcome: 'refused',
      refusal: { reasonCode: 0x8a, reasonString: 'Go away' },
    });
  });

  test.each([
    [false, 0x9c],
    [true, 0x9d],
  ])('can send a client elsewhere (for good: %s)', (permanent, reasonCode) => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      hooks: { authenticate: () => redirect('other.example:1883', permanent) },
    });
    expect(ask(laboratory.slots.authenticate, authenticateEvent)).toMatchObject({
      refusal: { reasonCode, serverReference: 'other.example:1883' },
    });
  });

  test('tells that nobody had an opinion, with the refusal to send', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { authenticate: () => undefined } });
    expect(ask(laboratory.slots.authenticate, authenticateEvent)).toMatchObject({
      outcome: 'no-opinion',
      refusal: { by: 'default', reasonCode: 0x87 },
    });
  });
});

describe('authenticateEnhanced', () => {
  test('asks for another round, then grants', () => {
    const laboratory = new HookLaboratory();
    const challenge = new Uint8Array([1, 2]);
    const proof = new Uint8Array([3]);
    laboratory.use({
      name: 'scram',
      hooks: {
        authenticateEnhanced: ({ round }) =>
          round === 0 ? { continue: true, data: challenge } : { allow: true, identity: 'ann', data: proof },
      },
    });
    const { authenticateEnhanced } = laboratory.slots;
    expect(ask(authenticateEnhanced, enhancedEvent)).toEqual({
      outcome: 'continue',
      by: 'scram',
      answer: { continue: true, data: challenge },
    });
    expect(ask(authenticateEnhanced, { ...enhancedEvent, round: 1 })).toEqual({
      outcome: 'granted',
      by: 'scram',
      grant: { allow: true, identity: 'ann', data: proof },
    });
  });

  test('answers a method nobody knows with Bad authentication method', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { authenticateEnhanced: () => undefined } });
    laboratory.use({ name: 'b', hooks: { authenticateEnhanced: async () => undefined } });
    return expect(ask(laboratory.slots.authenticateEnhanced, enhancedEvent)).resolves.toMatchObject({
      outcome: 'no-opinion',
      refusal: { reasonCode: 0x8c, cause: 'no-opinion' },
    });
  });

  test('holds a refusal to what CONNACK can carry, and DISCONNECT in a re-authentication', () => {
    const laboratory = new HookLaboratory();
    const failures = laboratory.watchFailures();
    laboratory.use({ name: 'a', hooks: { authenticateEnhanced: () => deny(0x98) } });
    const { authenticateEnhanced } = laboratory.slots;
    expect(ask(authenticateEnhanced, { ...enhancedEvent, client })).toMatchObject({
      refusal: { reasonCode: 0x98, cause: 'refused' },
    });
    expect(failures).toEqual([]);
    expect(ask(authenticateEnhanced, enhancedEvent)).toMatchObject({
      refusal: { reasonCode: 0x87, cause: 'failed' },
    });
    expect(failures[0]?.error.message).toContain('CONNACK cannot carry 0x98 (Administrative action)');
  });
});
