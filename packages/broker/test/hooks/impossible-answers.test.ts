import type { HookName } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import {
  ask,
  authenticateEvent,
  client,
  connectEvent,
  deliverEvent,
  enhancedEvent,
  HookLaboratory,
  message,
  publishEvent,
  subscribeEvent,
  untyped,
} from './hook-laboratory.ts';

const { receivedAt: _, expiresAt: __, ...will } = message;

/** Asks a hook of one plugin that gives this answer; returns what it came to, and the words of its failure. */
function answer(hook: HookName, given: unknown): { result: unknown; failure: string | undefined } {
  const laboratory = new HookLaboratory();
  const failures = laboratory.watchFailures();
  laboratory.use({ name: 'wrong', hooks: { [hook]: () => untyped(given) } });
  const result = questions(laboratory)[hook]?.();
  const [event] = failures;
  if (event !== undefined) expect(event).toMatchObject({ hook, failure: 'impossible-answer' });
  return { result, failure: event?.error.message };
}

function questions({ slots }: HookLaboratory): Partial<Record<HookName, () => unknown>> {
  const shared = { ...subscribeEvent.subscription, filter: '$share/group/a', shareName: 'group' };
  return {
    authorizeConnection: () => ask(slots.authorizeConnection, { remote: client.remote }),
    authorizeTakeover: () => ask(slots.authorizeTakeover, { ...connectEvent, client, identity: undefined }),
    authenticate: () => ask(slots.authenticate, authenticateEvent),
    authenticateEnhanced: () => ask(slots.authenticateEnhanced, enhancedEvent),
    authorizePublish: () => ask(slots.authorizePublish, publishEvent),
    authorizeSubscribe: () => ask(slots.authorizeSubscribe, subscribeEvent),
    authorizeDeliver: () => ask(slots.authorizeDeliver, deliverEvent),
    commitPublish: () => ask(slots.commitPublish, publishEvent),
    rewriteConnect: () => ask(slots.rewriteConnect, connectEvent),
    rewriteConnack: () => ask(slots.rewriteConnack, { client, sessionPresent: false, properties: {} }),
    rewritePublish: () => ask(slots.rewritePublish, publishEvent),
    rewriteRetained: () => ask(slots.rewriteRetained, publishEvent),
    rewriteDeliver: () => ask(slots.rewriteDeliver, deliverEvent),
    rewriteWill: () => ask(slots.rewriteWill, { clientId: 'thermometer', will }),
    rewriteSubscribe: () => ask(slots.rewriteSubscribe, { client, subscription: shared }),
  };
}

/** What the result must be whatever was wrong with the answer. */
function refusalOf(hook: HookName): object {
  if (hook === 'commitPublish') return { reasonCode: 0x80, cause: 'failed' };
  if (hook.startsWith('rewrite')) return { ok: false, refusal: { reasonCode: 0x80, cause: 'failed' } };
  const denied = { allowed: false, reasonCode: 0x87, cause: 'failed' };
  return hook.startsWith('authenticate') ? { outcome: 'refused', refusal: denied } : denied;
}

type Case = readonly [hook: HookName, answer: unknown, complaint: string];

function testEach(cases: readonly Case[]): void {
  test.each(cases)('%s: %o', (hook, given, complaint) => {
    const { result, failure } = answer(hook, given);
    expect(failure).toContain(complaint);
    expect(result).toMatchObject(refusalOf(hook));
  });
}

const long = 'x'.repeat(65_536);

describe('of the wrong type', () => {
  testEach([
    ['authorizePublish', 'yes', 'the answer is a string'],
    ['authorizePublish', 1, 'the answer is the number 1'],
    ['authorizePublish', null, 'the answer is null'],
    ['authorizePublish', [], 'the answer is an array'],
    ['authorizePublish', {}, 'allow is undefined'],
    ['authorizePublish', { allow: 'no' }, 'allow is a string'],
    ['authorizeDeliver', { allow: true, because: 7 }, 'because is the number 7'],
    ['authorizeDeliver', null, 'the answer is null'],
    ['authenticate', { identity: 'ann' }, 'allow is undefined'],
    ['authenticateEnhanced', true, 'the answer is true'],
    ['authenticateEnhanced', { continue: false }, 'continue is false'],
    ['authenticateEnhanced', { continue: undefined }, 'continue is undefined'],
    ['authenticateEnhanced', { continue: true, data: 'abc' }, 'data is a string; it must be a Uint8Array'],
    ['commitPublish', true, 'the answer is true'],
    ['commitPublish', null, 'the answer is null'],
    ['commitPublish', [{ id: 1 }], 'the answer is an array'],
    ['commitPublish', { rowCount: 1 }, 'it must be undefined, or { allow: false'],
    ['commitPublish', { allow: true }, 'it must be undefined, or { allow: false'],
    ['rewritePublish', true, 'the answer is true; it must be an object with topic, payload'],
    ['rewritePublish', null, 'the answer is null'],
    ['rewriteDeliver', null, 'the answer is null'],
    ['rewriteConnect', 'x', 'the answer is a string'],
  ]);
});

describe('with a field that does not exist', () => {
  testEach([
    [
      'authenticate',
      { allow: true, permission: {} },
      'there is no permission; there are allow, because, identity',
    ],
    ['authenticate', { allow: true, limits: { maxQoS: 0 } }, 'there is no limits.maxQoS'],
    ['authenticate', { allow: true, data: new Uint8Array() }, 'there is no data'],
    ['authorizePublish', { allow: true, maximumQoS: 1 }, 'there is no maximumQoS'],
    ['authorizePublish', { allow: false, reason: 'x' }, 'there is no reason'],
    ['rewritePublish', { allow: false }, 'there is no allow'],
    ['rewritePublish', { topics: 'x' }, 'there is no topics; there are topic'],
    ['rewritePublish', { properties: { topicAlias: 1 } }, 'there is no properties.topicAlias'],
    ['rewriteConnack', { receiveMaximum: 1 }, 'there is no receiveMaximum'],
  ]);
});

describe('with a reason code', () => {
  testEach([
    ['authorizePublish', { allow: false, reasonCode: 0 }, '0x00 (Success) is no reason code to refuse with'],
    ['authorizePublish', { allow: false, reasonCode: 0x10 }, 'is no reason code to refuse with'],
    ['authorizePublish', { allow: false, reasonCode: 0xc0 }, '0xc0 is no reason code to refuse with'],
    ['authorizePublish', { allow: false, reasonCode: 300 }, 'reasonCode is the number 300'],
    ['authorizePublish', { allow: false, reasonCode: '0x87' }, 'reasonCode is a string'],
    ['authorizePublish', { allow: false, reasonCode: 0x8a }, 'PUBACK cannot carry 0x8a (Banned)'],
    ['commitPublish', { allow: false, reasonCode: 0x8f }, 'PUBACK cannot carry 0x8f'],
    ['authorizeSubscribe', { allow: false, reasonCode: 0x90 }, 'SUBACK cannot carry 0x90'],
    ['authenticate', { allow: false, reasonCode: 0x8e }, 'CONNACK cannot carry 0x8e'],
    ['authorizeTakeover', { allow: false, reasonCode: 0x8f }, 'CONNACK cannot carry 0x8f'],
    ['authorizeConnection', { allow: false, reasonCode: 0x7f }, 'is no reason code to refuse with'],
    ['authenticate', { allow: false, serverReference: 'x' }, 'serverReference belongs to 0x9c'],
    ['authenticate', { allow: false, reasonCode: 0x9c, serverReference: '' }, 'serverReference is empty'],
  ]);

  test.each([0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99])(
    'authorizePublish may refuse with %i',
    (reasonCode) => {
      expect(answer('authorizePublish', { allow: false, reasonCode })).toMatchObject({
        failure: undefined,
        result: { reasonCode, cause: 'refused' },
      });
    },
  );

  test('authorizeConnection may refuse with any, since nothing is sent', () => {
    expect(answer('authorizeConnection', { allow: false, reasonCode: 0x9f }).failure).toBeUndefined();
    expect(answer('authorizeConnection', { allow: false, reasonCode: 0x8f }).failure).toBeUndefined();
  });
});

describe('with text that no packet can carry', () => {
  testEach([
    ['authorizePublish', { allow: false, reasonString: 'a\0b' }, 'reasonString has the character U+0000'],
    ['authorizePublish', { allow: false, reasonString: '\ud800' }, 'reasonString has half a surrogate pair'],
    ['authorizePublish', { allow: false, reasonString: long }, 'more than 65535 bytes'],
    ['authorizePublish', { allow: false, reasonString: 'ü'.repeat(32_768) }, 'more than 65535 bytes'],
    ['authenticate', { allow: true, userProperties: [['a']] }, 'an array of [name, value]'],
    [
      'authenticate',
      { allow: true, userProperties: [['a', 1]] },
      'a value in userProperties is the number 1',
    ],
    ['authenticate', { allow: true, userProperties: { a: 'b' } }, 'userProperties is an object'],
    ['authenticate', { allow: true, assignedClientId: '' }, 'assignedClientId is empty'],
    ['rewriteConnect', { clientId: '' }, 'clientId is empty'],
    ['rewriteConnack', { responseInformation: 5 }, 'responseInformation is the number 5'],
  ]);

  test('but as much of it as fits is taken', () => {
    for (const reasonString of ['x'.repeat(65_535), `x${'ü'.repeat(32_767)}`, '€'.repeat(21_845)]) {
      expect(answer('authorizePublish', { allow: false, reasonString }).failure).toBeUndefined();
    }
  });
});

describe('with a topic or filter that is none', () => {
  testEach([
    ['rewritePublish', { topic: 'a/+/b' }, 'topic is no topic name: The topic name has the wildcard'],
    ['rewritePublish', { topic: '' }, 'topic is no topic name'],
    ['rewritePublish', { topic: 7 }, 'topic is the number 7'],
    ['rewriteRetained', { topic: 'a/#' }, 'topic is no topic name'],
    ['rewriteDeliver', { topic: 'a\0b' }, 'topic is no topic name'],
    ['rewriteWill', { topic: '+' }, 'topic is no topic name'],
    ['rewritePublish', { properties: { responseTopic: 'a/+' } }, 'properties.responseTopic is no topic name'],
    ['rewriteSubscribe', { filter: 'a/#/b' }, 'filter is no topic filter'],
    ['rewriteSubscribe', { filter: '$share/g/a' }, 'filter begins with "$share/"'],
    ['authenticate', { allow: true, mountPoint: 'a/+/' }, 'mountPoint is no topic name'],
    ['authenticate', { allow: true, mountPoint: 'a\0/' }, 'mountPoint is no topic name'],
    [
      'authenticate',
      { allow: true, permissions: { publish: ['a', 'b#'] } },
      'permissions.publish[1] is no topic',
    ],
    ['authenticate', { allow: true, groups: 'admins' }, 'groups is a string; it must be an array'],
    ['authenticate', { allow: true, groups: ['a', ''] }, 'groups[1] is empty'],
    ['authenticate', { allow: true, groups: [7] }, 'groups[0] is the number 7'],
    ['authenticate', { allow: true, permissions: { receive: 'a' } }, 'permissions.receive is a string'],
    ['authenticate', { allow: true, permissions: { subscribe: [null] } }, 'permissions.subscribe[0] is null'],
    ['authenticate', { allow: true, permissions: ['a'] }, 'permissions is an array'],
  ]);
});

describe('with a value out of range', () => {
  testEach([
    [
      'authorizeSubscribe',
      { allow: true, maximumQoS: 3 },
      'maximumQoS is the number 3; it must be 0, 1 or 2',
    ],
    ['rewritePublish', { qos: 3 }, 'qos is the number 3'],
    ['rewritePublish', { retain: 1 }, 'retain is the number 1'],
    ['rewritePublish', { payload: 'text' }, 'payload is a string; it must be a Uint8Array'],
    ['rewritePublish', { properties: { messageExpiryInterval: -1 } }, 'properties.messageExpiryInterval'],
    [
      'rewritePublish',
      { properties: { payloadFormatIndicator: 2 } },
      'payloadFormatIndicator is the number 2',
    ],
    ['rewritePublish', { properties: { correlationData: new Uint8Array(65_536) } }, 'has 65536 bytes'],
    ['rewriteConnect', { keepAlive: 65_536 }, 'keepAlive is the number 65536'],
    ['rewriteConnect', { sessionExpiryInterval: 1.5 }, 'sessionExpiryInterval is the number 1.5'],
    ['rewriteConnect', { cleanStart: 0 }, 'cleanStart is the number 0'],
    ['rewriteSubscribe', { retainHandling: 3 }, 'retainHandling is the number 3'],
    ['rewriteSubscribe', { noLocal: true }, 'noLocal is true for a shared subscription'],
    ['authenticate', { allow: true, expiresAt: Number.NaN }, 'expiresAt is the number NaN'],
    ['authenticate', { allow: true, expiresAt: new Date(0) }, 'expiresAt is an object'],
    ['authenticate', { allow: true, limits: { maximumQueuedMessages: -1 } }, 'limits.maximumQueuedMessages'],
    ['authenticate', { allow: true, limits: { receiveMaximum: 0 } }, 'limits.receiveMaximum is the number 0'],
    ['authenticate', { allow: true, limits: { maximumSubscriptions: 1.5 } }, 'limits.maximumSubscriptions'],
  ]);
});

test('an answer that throws when it is read is contained', () => {
  const laboratory = new HookLaboratory();
  const failures = laboratory.watchFailures();
  const trap = {
    get allow() {
      throw new Error('trap');
    },
  };
  laboratory.use({ name: 'wrong', hooks: { authorizePublish: () => untyped(trap) } });
  expect(ask(laboratory.slots.authorizePublish, publishEvent)).toMatchObject({ cause: 'failed' });
  expect(failures).toMatchObject([{ failure: 'threw' }]);
});

test('an impossible answer by promise is one too', async () => {
  const laboratory = new HookLaboratory();
  const failures = laboratory.watchFailures();
  laboratory.use({ name: 'wrong', hooks: { authorizePublish: async () => untyped('yes') } });
  expect(await ask(laboratory.slots.authorizePublish, publishEvent)).toMatchObject({ cause: 'failed' });
  expect(failures).toMatchObject([
    { failure: 'impossible-answer', error: { code: 'HOOK_IMPOSSIBLE_ANSWER' } },
  ]);
});
