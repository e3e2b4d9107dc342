import { describe, expect, test } from 'vitest';
import {
  ask,
  client,
  connectEvent,
  deliverEvent,
  HookLaboratory,
  message,
  publishEvent,
  subscribeEvent,
} from './hook-laboratory.ts';

describe('a hook that rewrites', () => {
  test.each([1, 2])('gives back the same message when none of %i handlers changes it', (handlers) => {
    const laboratory = new HookLaboratory();
    for (let number = 0; number < handlers; number++) {
      laboratory.use({ name: `plugin ${number}`, hooks: { rewritePublish: () => undefined } });
    }
    const result = ask(laboratory.slots.rewritePublish, publishEvent);
    expect(result).toEqual({ ok: true, value: message });
    expect('value' in result && result.value).toBe(message);
  });

  test('shows each handler what the one before made of it', () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      hooks: { rewritePublish: ({ message }) => ({ topic: `${message.topic}/a`, qos: 2 }) },
    });
    laboratory.use({ name: 'b', hooks: { rewritePublish: () => undefined } });
    laboratory.use({
      name: 'c',
      hooks: { rewritePublish: ({ message }) => ({ topic: `${message.topic}/c` }) },
    });
    expect(ask(laboratory.slots.rewritePublish, publishEvent)).toEqual({
      ok: true,
      value: { ...message, topic: 'site/7/temperature/a/c', qos: 2 },
    });
    expect(publishEvent.message).toBe(message);
  });

  test('does so across promises', async () => {
    const laboratory = new HookLaboratory();
    laboratory.use({
      name: 'a',
      hooks: { rewritePublish: ({ message }) => ({ topic: `${message.topic}/a` }) },
    });
    for (const name of ['b', 'c']) {
      laboratory.use({
        name,
        hooks: { rewritePublish: async ({ message }) => ({ topic: `${message.topic}/${name}` }) },
      });
    }
    laboratory.use({ name: 'd', hooks: { rewritePublish: async () => undefined } });
    expect(await ask(laboratory.slots.rewritePublish, publishEvent)).toMatchObject({
      value: { topic: 'site/7/temperature/a/b/c' },
    });
  });

  test('takes a field that is undefined for one that is not there', () => {
    const laboratory = new HookLaboratory();
    const changes: object = { topic: undefined, retain: true };
    laboratory.use({ name: 'a', hooks: { rewritePublish: () => changes } });
    expect(ask(laboratory.slots.rewritePublish, publishEvent)).toMatchObject({
      value: { topic: message.topic, retain: true },
    });
  });

  test('ends the chain when a handler fails, and refuses with 0x80', () => {
    const laboratory = new HookLaboratory();
    let asked = 0;
    laboratory.use({
      name: 'a',
      hooks: {
        rewritePublish: () => {
          throw new Error('broken');
        },
      },
    });
    laboratory.use({
      name: 'b',
      hooks: {
        rewritePublish: () => {
          asked++;
          return undefined;
        },
      },
    });
    expect(ask(laboratory.slots.rewritePublish, publishEvent)).toEqual({
      ok: false,
      refusal: { allowed: false, by: 'a', reasonCode: 0x80, cause: 'failed' },
    });
    expect(asked).toBe(0);
  });
});

describe('the expiry of a rewritten message', () => {
  const rewriteProperties = (properties: object, expiring = message) => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { rewritePublish: () => ({ properties }) } });
    return ask(laboratory.slots.rewritePublish, { ...publishEvent, message: expiring });
  };

  test('follows a new Message Expiry Interval, counted from when the broker got the message', () => {
    expect(rewriteProperties({ messageExpiryInterval: 30 })).toMatchObject({
      value: { expiresAt: message.receivedAt + 30_000 },
    });
  });

  test('is lifted with the interval, and kept with it', () => {
    const expiring = { ...message, properties: { messageExpiryInterval: 60 }, expiresAt: 1_050_000 };
    expect(rewriteProperties({}, expiring)).toMatchObject({ value: { expiresAt: undefined } });
    expect(rewriteProperties({ contentType: 'x', messageExpiryInterval: 60 }, expiring)).toMatchObject({
      value: { expiresAt: 1_050_000 },
    });
  });
});

describe('null', () => {
  test('as the answer of rewriteRetained means "do not retain", and nobody else is asked', () => {
    const laboratory = new HookLaboratory();
    let asked = 0;
    laboratory.use({ name: 'a', hooks: { rewriteRetained: () => null } });
    laboratory.use({
      name: 'b',
      hooks: {
        rewriteRetained: () => {
          asked++;
          return undefined;
        },
      },
    });
    expect(ask(laboratory.slots.rewriteRetained, publishEvent)).toEqual({ ok: true, value: null });
    expect(asked).toBe(0);
  });

  test('by promise ends the chain too', async () => {
    const laboratory = new HookLaboratory();
    laboratory.use({ name: 'a', hooks: { rewriteRetained: async () => null } });
    laboratory.use({ name: 'b', hooks: { rewriteRetained: () => ({ qos: 0 }) } });
    expect(await ask(laboratory.slots.rewriteRetained, publishEvent)).toEqual({ ok: true, value: null });
  });

  test('as the answer of rewriteWill suppresses it; other parts replace it', () => {
    const { receivedAt: _, expiresAt: __, ...will } = message;
    const event = { clientId: 'thermometer', will: { ...will, properties: { willDelayInterval: 5 } } };
    const silent = new HookLaboratory();
    silent.use({ name: 'a', hooks: { rewriteWill: () => null } });
    expect(ask(silent.slots.rewriteWill, event)).toEqual({ ok: true, value: null });

    const changing = new HookLaboratory();
    changing.use({
      name: 'a',
      hooks: {
        rewriteWill: ({ will }) => ({ qos: 0, properties: { ...will.properties, contentType: 'x' } }),
      },
    });
    expect(ask(changing.slots.rewriteWill, event)).toMatchObject({
      value: { topic: message.topic, qos: 0, properties: { willDelayInterval: 5, contentType: 'x' } },
    });
  });
});

test('rewriteDeliver changes one copy, at once', () => {
  const laboratory = new HookLaboratory();
  laboratory.use({ name: 'a', hooks: { rewriteDeliver: ({ clientId }) => ({ topic: `to/${clientId}` }) } });
  const { rewriteDeliver } = laboratory.slots;
  expect(ask(rewriteDeliver, deliverEvent)).toMatchObject({ value: { topic: 'to/display' } });
  laboratory.use({
    name: 'b',
    hooks: { rewriteDeliver: ({ message }) => ({ topic: `${message.topic}/b` }) },
  });
  expect(ask(laboratory.slots.rewriteDeliver, deliverEvent)).toMatchObject({
    value: { topic: 'to/display/b' },
  });
});

test('rewriteConnect changes fields of CONNECT, the session expiry among its properties', () => {
  const laboratory = new HookLaboratory();
  laboratory.use({ name: 'a', hooks: { rewriteConnect: () => ({ clientId: 'ann-1', keepAlive: 30 }) } });
  laboratory.use({
    name: 'b',
    hooks: { rewriteConnect: ({ connect }) => ({ sessionExpiryInterval: connect.keepAlive * 2 }) },
  });
  expect(ask(laboratory.slots.rewriteConnect, connectEvent)).toEqual({
    ok: true,
    value: {
      ...connectEvent.connect,
      clientId: 'ann-1',
      keepAlive: 30,
      properties: { receiveMaximum: 10, sessionExpiryInterval: 60 },
    },
  });
});

test('rewriteConnack adds words to the properties of CONNACK', () => {
  const laboratory = new HookLaboratory();
  laboratory.use({ name: 'a', hooks: { rewriteConnack: () => ({ reasonString: 'Welcome' }) } });
  const event = { client, sessionPresent: false, properties: { serverKeepAlive: 30 } };
  expect(ask(laboratory.slots.rewriteConnack, event)).toEqual({
    ok: true,
    value: { serverKeepAlive: 30, reasonString: 'Welcome' },
  });
});

test('rewriteSubscribe changes the filter and options, and keeps the share group', () => {
  const laboratory = new HookLaboratory();
  laboratory.use({ name: 'a', hooks: { rewriteSubscribe: () => ({ filter: 'site/7/#', qos: 1 }) } });
  const { rewriteSubscribe } = laboratory.slots;
  expect(ask(rewriteSubscribe, subscribeEvent)).toMatchObject({ value: { filter: 'site/7/#', qos: 1 } });
  const shared = { ...subscribeEvent.subscription, filter: '$share/group/site/#', shareName: 'group' };
  expect(ask(rewriteSubscribe, { client, subscription: shared })).toMatchObject({
    value: { filter: '$share/group/site/7/#', shareName: 'group', qos: 1 },
  });
});
