import type { ClientView, PublishEvent } from '@carillon/hooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type AclRule, aclAuth } from '../src/index.ts';

const client: ClientView = {
  id: 'd5',
  username: 'u5',
  identity: 'u5',
  groups: ['g5'],
  limits: {},
  mountPoint: '',
  protocolVersion: 5,
  cleanStart: true,
  keepAlive: 60,
  sessionExpiryInterval: 0,
  remote: { transport: 'tcp', encrypted: false },
  connectedAt: 0,
  userProperties: [],
  bridge: false,
};

function publishing(topic: string): PublishEvent {
  const message = {
    topic,
    payload: new Uint8Array(0),
    qos: 0,
    retain: false,
    properties: {},
    origin: 'client',
    publisherId: 'd5',
    receivedAt: 0,
    expiresAt: undefined,
  } as const;
  return { message, client, publisher: client };
}

const context = { signal: new AbortController().signal };

afterEach(() => {
  vi.restoreAllMocks();
});

/** How many lookups in maps the work needs. */
function countLookups(work: () => void): number {
  const lookups = vi.spyOn(Map.prototype, 'get');
  work();
  const count = lookups.mock.calls.length;
  lookups.mockRestore();
  return count;
}

function handlersOf(rules: readonly AclRule[]) {
  const { hooks } = aclAuth({ rules });
  const { authorizePublish, authorizeSubscribe } = hooks ?? {};
  if (typeof authorizePublish !== 'function' || typeof authorizeSubscribe !== 'function') {
    throw new Error('the plugin decides');
  }
  return { authorizePublish, authorizeSubscribe };
}

const allow = (topic: string, who: AclRule['who'] = {}): AclRule => ({
  effect: 'allow',
  actions: ['publish', 'subscribe'],
  topic,
  who,
});

const kinds: readonly (readonly [string, (index: number) => AclRule])[] = [
  ['a topic each', (index) => allow(`devices/${index}/state`)],
  ['a wildcard each', (index) => allow(`devices/${index}/#`)],
  ['a user each', (index) => allow('devices/+/state', { user: `u${index}` })],
  ['a client id each', (index) => allow('devices/5/state', { clientId: `d${index}` })],
  ['a group each, with a placeholder', (index) => allow('devices/+/%c', { group: `g${index}` })],
];

describe('ten thousand rules cost what ten do', () => {
  test.each(kinds)('%s', (_, ruleOf) => {
    const costWith = (count: number) => {
      const rules = Array.from({ length: count }, (__, index) => ruleOf(index));
      const { authorizePublish, authorizeSubscribe } = handlersOf(rules);
      const subscription = {
        filter: 'devices/5/+',
        shareName: undefined,
        qos: 0,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
        subscriptionIdentifier: undefined,
      } as const;
      return [
        countLookups(() => void authorizePublish(publishing('devices/5/state'), context)),
        countLookups(() => void authorizeSubscribe({ client, subscription }, context)),
      ];
    };
    expect(costWith(10_000)).toEqual(costWith(10));
  });
});

test('a verdict that was found before is one lookup, and the same object', () => {
  const { authorizePublish } = handlersOf([allow('devices/%c/#', { group: 'g5' })]);
  const event = publishing('devices/d5/state');
  const found = authorizePublish(event, context);
  expect(countLookups(() => expect(authorizePublish(event, context)).toBe(found))).toBe(1);
  expect(Object.isFrozen(found)).toBe(true);
});

test('topics beyond the limit are forgotten, not gathered', () => {
  const { hooks } = aclAuth({ rules: [allow('#')], cachedTopics: 10 });
  const { authorizePublish } = hooks ?? {};
  if (typeof authorizePublish !== 'function') throw new Error('the plugin decides');
  const sets = vi.spyOn(Map.prototype, 'set');
  for (let index = 0; index < 1000; index++) void authorizePublish(publishing(`t/${index}`), context);
  const sizes = sets.mock.contexts.map((map) => (map instanceof Map ? map.size : 0));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
});
