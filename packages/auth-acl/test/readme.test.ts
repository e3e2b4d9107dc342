import { Laboratory } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, test } from 'vitest';
import { aclAuth } from '../src/index.ts';

test('the rules of the README, given as objects and replaced', async () => {
  const laboratory = new Laboratory();
  const broker = createBroker(laboratory.platform);
  const acl = aclAuth({
    rules: [
      { effect: 'deny', actions: ['receive'], topic: 'news/internal/#', who: { group: 'devices' } },
      { effect: 'allow', actions: ['subscribe'], topic: 'news/#' },
      { effect: 'allow', actions: ['publish'], topic: 'devices/%c/#', maximumQoS: 1, retain: false },
    ],
  });
  broker.use(acl);
  const device = await laboratory.connect(broker, { clientId: 'd7' });
  await device.subscribe('news/#');
  const { steps } = await broker.explain('d7', 'publish', 'devices/d7/state');
  expect(steps.at(-1)?.detail).toContain('rule 3: allow publish devices/%c/# qos=1 retain=no');
  await acl.replaceRules([{ effect: 'allow', actions: ['publish'], topic: 'devices/%c/#' }]);
  expect(broker.subscriptions('d7')).toEqual([]);
});
