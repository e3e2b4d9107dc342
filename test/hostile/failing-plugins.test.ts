import type { PluginHooks } from '@carillon/hooks';
import { FaultPlan, PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { HealthyPair } from './healthy-pair.ts';

const hang = () => new Promise<never>(() => {});
const reject = () => Promise.reject<never>(new Error('rejected'));
const fail = (): never => {
  throw new Error('thrown');
};

/** A plugin that goes wrong for the client `victim`, and lets all others pass. */
function wrongForVictim(wrong: () => Promise<never>): PluginHooks {
  return {
    authorizePublish: ({ client }) => (client?.id === 'victim' ? wrong() : true),
    authorizeSubscribe: ({ client }) => (client.id === 'victim' ? wrong() : true),
    rewritePublish: ({ client }) => (client?.id === 'victim' ? wrong() : undefined),
    commitPublish: ({ client }) => (client?.id === 'victim' ? wrong() : undefined),
  };
}

for (const [what, wrong] of [
  ['throws', fail],
  ['rejects', reject],
  ['hangs', hang],
] as const) {
  test(`a plugin that ${what} for one client does not harm another`, async () => {
    const pair = await HealthyPair.begin({ hookTimeout: 1_000 });
    const { broker, laboratory } = pair;
    const victim = await laboratory.connect(broker, { clientId: 'victim' });
    broker.use({ name: 'wrong', hooks: wrongForVictim(wrong) });
    victim.publishOnly('t', 'x', { qos: 1, packetId: 1 });
    victim.send({ type: 'subscribe', packetId: 2, subscriptions: ['t'] });
    victim.publishOnly('t', 'x', { qos: 2, packetId: 3 });
    await pair.exchange();
    await laboratory.advance(3_000);
    await victim.take('puback', { packetId: 1, reasonCode: 0x87 });
    await victim.take('suback', { packetId: 2, reasonCodes: [0x87] });
    await victim.take('pubrec', { packetId: 3, reasonCode: 0x87 });
    await victim.ping();
    await pair.exchange();
    const failures = laboratory.logger.messages('error');
    expect(failures).toHaveLength(3);
    expect(failures.every((message) => message.includes('wrong'))).toBe(true);
  });

  test(`a plugin that ${what} in authenticate lets nobody in, and those who are in stay`, async () => {
    const pair = await HealthyPair.begin({ hookTimeout: 1_000 });
    const { broker, laboratory } = pair;
    broker.use({ name: 'wrong', hooks: { authenticate: wrong } });
    const client = PacketClient.connect(broker, { laboratory });
    client.send({ type: 'connect', clientId: 'victim' });
    await pair.exchange();
    await laboratory.advance(1_000);
    await client.expect('connack', { reasonCode: 0x87 });
    await client.expectClosed();
    await pair.exchange();
  });
}

test('a plugin that fails one time in three at everything loses no message that was acknowledged', async () => {
  const pair = await HealthyPair.begin({ hookTimeout: 500 });
  const { broker, laboratory } = pair;
  const watcher = await laboratory.connect(broker, { clientId: 'watcher' });
  await watcher.subscribe('t', { qos: 1 });
  const plan = new FaultPlan(laboratory, { rate: 0.3 });
  const registration = broker.use({
    name: 'unreliable',
    hooks: {
      authorizePublish: plan.wrap('authorizePublish', () => true),
      commitPublish: plan.wrap('commitPublish', () => undefined),
    },
  });
  const client = await laboratory.connect(broker, { clientId: 'c' });
  const acknowledged: string[] = [];
  for (let i = 0; i < 100; i++) {
    const { packetId } = client.publishOnly('t', `${i}`, { qos: 1 });
    await laboratory.advance(1_000);
    const { reasonCode } = await client.expect('puback', { packetId });
    if (reasonCode === 0) acknowledged.push(`${i}`);
  }
  expect(acknowledged.length).toBeGreaterThan(20);
  expect(acknowledged.length).toBeLessThan(80);
  const received: string[] = [];
  while (watcher.unread > 0) received.push((await watcher.receiveMessage()).text);
  expect(received).toEqual(acknowledged);
  const stats = registration.stats().hooks.authorizePublish;
  expect(stats?.calls).toBe(100);
  expect((stats?.failures ?? 0) + (stats?.timeouts ?? 0)).toBeGreaterThan(10);
  await registration.dispose();
  await pair.exchange();
});
