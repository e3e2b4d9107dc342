import { deny, type PluginHooks } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest } from '../broker-under-test.ts';

/** A plugin that has something against one client id, and nothing to say of anybody else. */
const bouncer: PluginHooks = {
  authenticate: {
    onlyRefuses: true,
    handler: ({ clientId }) => (clientId === 'mallory' ? deny(0x8a, 'banned') : undefined),
  },
  authenticateEnhanced: {
    onlyRefuses: true,
    handler: ({ clientId }) => (clientId === 'mallory' ? deny(0x8a, 'banned') : undefined),
  },
  authorizePublish: {
    onlyRefuses: true,
    handler: ({ message }) => (message.topic === 'forbidden' ? deny(0x97, 'enough') : undefined),
  },
};

test('where handlers only refuse, their silence is a yes', async () => {
  const { connect, arrive } = brokerUnderTest({}, bouncer);
  expect(await arrive().connectPacket({ clientId: 'mallory' })).toMatchObject({ reasonCode: 0x8a });
  const client = await connect({ clientId: 'alice' });
  expect(await client.publish('allowed', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  expect(await client.publish('forbidden', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x97 });
});

test('where somebody says yes as well, silence is a no again', async () => {
  const { broker, connect, arrive } = brokerUnderTest({}, bouncer);
  broker.use({
    name: 'friends',
    hooks: { authenticate: ({ username }) => (username === 'alice' ? true : undefined) },
  });
  await connect({ clientId: 'a', username: 'alice' });
  expect(await arrive().connectPacket({ clientId: 'b', username: 'bob' })).toMatchObject({
    reasonCode: 0x87,
  });
  expect(await arrive().connectPacket({ clientId: 'mallory', username: 'alice' })).toMatchObject({
    reasonCode: 0x8a,
  });
});

test('where a method is required, no client comes in without one for want of refusals', async () => {
  const { broker, arrive, connect } = brokerUnderTest({}, bouncer);
  broker.use({
    name: 'methods',
    hooks: { authenticateEnhanced: ({ method }) => (method === 'X' ? { allow: true } : undefined) },
  });
  expect(await arrive().connectPacket({ clientId: 'a' })).toMatchObject({
    reasonCode: 0x87,
    properties: { reasonString: 'an authentication method is required' },
  });
  await connect({ clientId: 'b', properties: { authenticationMethod: 'X' } });
  const mallory = { clientId: 'mallory', properties: { authenticationMethod: 'X' } };
  expect(await arrive().connectPacket(mallory)).toMatchObject({ reasonCode: 0x8a });
});

test('onlyRefuses means nothing for a hook that does not decide', () => {
  const { broker } = brokerUnderTest();
  const rewritePublish = { onlyRefuses: true, handler: () => undefined };
  expect(() => broker.use({ name: 'a', hooks: { rewritePublish } })).toThrow(
    'Plugin "a": hook rewritePublish does not decide, so onlyRefuses means nothing.',
  );
});
