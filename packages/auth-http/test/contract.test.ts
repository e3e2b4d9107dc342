import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { readAuthenticateAnswer, readPublishAnswer, readSubscribeAnswer } from '../src/answers.ts';
import { ServiceFailure } from '../src/service-failure.ts';
import { description, faultOf } from './contract.ts';

test('the description of the service is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(description));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

test('its examples are as it describes them', () => {
  const found = [...examplesIn(description)];
  expect(found.length).toBeGreaterThan(8);
  expect(found.map(({ schema, value }) => faultOf(schema, value))).toEqual(found.map(() => undefined));
});

/** Each example with the name of its schema. */
function* examplesIn(node: unknown): Generator<{ schema: Parameters<typeof faultOf>[0]; value: unknown }> {
  if (typeof node !== 'object' || node === null) return;
  if ('schema' in node && 'examples' in node) {
    const { $ref }: { $ref: string } = Object(node.schema);
    const schema = (
      ['AuthenticateQuestion', 'AuthenticateAnswer', 'AuthorizeQuestion', 'AuthorizeAnswer'] as const
    ).find((name) => $ref.endsWith(`/${name}`));
    if (schema === undefined) throw new Error(`there is no schema ${$ref}`);
    for (const example of Object.values(Object(node.examples)))
      yield { schema, value: Object(example).value };
  }
  for (const inner of Object.values(node)) yield* examplesIn(inner);
}

const everything = {
  allow: true,
  identity: 'anna',
  groups: ['drivers'],
  mountPoint: 'tenants/7/',
  permissions: { publish: ['a/#'], subscribe: [], receive: ['+'] },
  limits: {
    maximumQoS: 1,
    retainAvailable: false,
    maximumPacketSize: 1000,
    receiveMaximum: 5,
    maximumSubscriptions: 3,
    maximumQueuedMessages: 0,
    maximumQueuedBytes: 1_000_000,
    maximumSessionExpiryInterval: 60,
    serverKeepAlive: 30,
  },
  expiresAt: 1_900_000_000_000,
  userProperties: [['plan', 'free']],
  reasonString: 'hello',
  assignedClientId: 'truck-7',
  responseInformation: 'replies/7',
  cacheFor: 1000,
};

describe('what is described is read, and the other way round', () => {
  test.each<[unknown]>([
    [everything],
    [{ allow: true }],
    [{ allow: false }],
    [{ allow: false, reasonCode: 134, reasonString: 'no', userProperties: [], cacheFor: 0 }],
    [{ allow: false, reasonCode: 157, serverReference: 'b:1883' }],
    [{ allow: null }],
    [{ allow: null, cacheFor: 5 }],
  ])('%j answers authenticate', (answer) => {
    expect(faultOf('AuthenticateAnswer', answer)).toBeUndefined();
    const { cacheFor, ...fields } = Object(answer);
    const read = readAuthenticateAnswer(answer);
    expect(read).toEqual({ answer: fields.allow === null ? undefined : fields, cacheFor });
  });

  test.each<[unknown, string]>([
    [null, 'the answer is null; it must be an object with allow.'],
    [[], 'the answer is an array'],
    ['yes', 'the answer is a string'],
    [{}, 'allow is undefined; it must be true, false or null.'],
    [{ allow: 'true' }, 'allow is a string; it must be true, false or null.'],
    [{ allow: 1 }, 'allow is the number 1'],
    [{ allow: true, permisions: {} }, 'there is no permisions; there are allow, because,'],
    [{ allow: true, identity: 7 }, 'identity is the number 7'],
    [{ allow: true, groups: 'admin' }, 'groups is a string'],
    [{ allow: true, groups: [''] }, 'groups[0] is empty'],
    [{ allow: true, mountPoint: 'a' }, 'mountPoint has to end with "/".'],
    [{ allow: true, mountPoint: '+/' }, 'mountPoint is no topic name'],
    [{ allow: true, permissions: { publish: '#' } }, 'permissions.publish is a string'],
    [{ allow: true, permissions: { all: [] } }, 'there is no permissions.all'],
    [{ allow: true, permissions: { subscribe: [''] } }, 'permissions.subscribe[0] is no topic filter'],
    [{ allow: true, limits: { maximumQoS: 3 } }, 'limits.maximumQoS is the number 3'],
    [{ allow: true, limits: { receiveMaximum: 65_536 } }, 'limits.receiveMaximum is the number 65536'],
    [{ allow: true, expiresAt: '2030' }, 'expiresAt is a string'],
    [{ allow: true, userProperties: { a: 'b' } }, 'userProperties is an object'],
    [{ allow: true, userProperties: [['a']] }, 'userProperties is an array'],
    [{ allow: true, reasonCode: 0 }, 'there is no reasonCode'],
    [{ allow: true, cacheFor: -1 }, 'cacheFor is the number -1'],
    [{ allow: true, maximumQoS: 1 }, 'there is no maximumQoS'],
    [{ allow: false, identity: 'anna' }, 'there is no identity'],
    [{ allow: false, reasonCode: 0 }, 'reasonCode is the number 0'],
    [{ allow: false, reasonCode: '134' }, 'reasonCode is a string'],
    [{ allow: null, identity: 'anna' }, 'there is no identity'],
  ])('%j answers nothing', (answer, message) => {
    expect(faultOf('AuthenticateAnswer', answer)).toBeDefined();
    expect(() => readAuthenticateAnswer(answer)).toThrow(ServiceFailure);
    expect(() => readAuthenticateAnswer(answer)).toThrow(message);
  });

  test.each<[unknown, string]>([
    [{ allow: true, permissions: { publish: ['a/#/b'] } }, 'permissions.publish[0] is no topic filter'],
    [
      { allow: false, reasonCode: 0x8b },
      'reasonCode is the number 139; it must be one that CONNACK can have.',
    ],
    [{ allow: false, reasonCode: 200 }, 'reasonCode is the number 200'],
    [{ allow: false, serverReference: 'x' }, 'serverReference is a string; it must be left out'],
  ])('%j answers nothing, though no schema can say so', (answer, message) => {
    expect(() => readAuthenticateAnswer(answer)).toThrow(message);
  });

  test('authorize has a yes of its own for subscriptions, and reason codes of its own', () => {
    const lowered = { allow: true, maximumQoS: 0, cacheFor: 7 };
    expect(faultOf('AuthorizeAnswer', lowered)).toBeUndefined();
    expect(readSubscribeAnswer(lowered)).toEqual({ answer: { allow: true, maximumQoS: 0 }, cacheFor: 7 });
    expect(() => readPublishAnswer(lowered)).toThrow('there is no maximumQoS; there are allow, because.');
    expect(readPublishAnswer({ allow: true })).toEqual({ answer: true, cacheFor: undefined });
    const quota = { allow: false, reasonCode: 0x97 };
    expect(readPublishAnswer(quota).answer).toEqual(quota);
    expect(() => readPublishAnswer({ allow: false, reasonCode: 0x86 })).toThrow(
      'that PUBACK AND PUBREC can have',
    );
    expect(() => readSubscribeAnswer({ allow: false, reasonCode: 0x99 })).toThrow('that SUBACK can have');
  });
});
