import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aclAuth } from '@carillon/auth-acl';
import { levelStore } from '@carillon/persistence-level';
import { createBroker } from 'carillon';
import mqtt from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';

test('one SUBSCRIBE of granted and denied filters stores, restores and delivers the granted ones only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-mixed-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const start = async () => {
    const broker = createBroker({ persistence: levelStore({ location: folder }) });
    broker.use(aclAuth({ rules: [{ effect: 'allow', actions: ['subscribe'], topic: 'open/#' }] }));
    const { address } = await broker.listen({ host: '127.0.0.1', port: 0 });
    return { broker, port: address.port };
  };
  const session = {
    host: '127.0.0.1',
    clientId: 'c',
    clean: false,
    protocolVersion: 5,
    properties: { sessionExpiryInterval: 3600 },
    reconnectPeriod: 0,
    resubscribe: false,
  } as const;
  const granted = ['$share/g/open/b', 'open/#', 'open/a'];

  const first = await start();
  const client = await mqtt.connectAsync({ ...session, port: first.port });
  const asked = ['open/a', 'shut/a', 'open/#', '#', '$share/g/open/b', '$share/g/shut/b'];
  await expect(client.subscribeAsync(asked, { qos: 1 })).rejects.toThrow();
  expect(
    first.broker
      .subscriptions('c')
      .map(({ filter }) => filter)
      .sort(),
  ).toEqual(granted);
  await client.endAsync();
  await first.broker.close();

  const second = await start();
  for (const topic of ['shut/a', 'open/a', 'shut/b']) await second.broker.publish(topic, topic, { qos: 1 });
  expect(
    second.broker
      .subscriptions('c')
      .map(({ filter }) => filter)
      .sort(),
  ).toEqual(granted);
  const again = mqtt.connect({ ...session, port: second.port });
  const received: string[] = [];
  const last = new Promise<void>((resolve) => {
    again.on('message', (topic) => {
      received.push(topic);
      if (topic === 'open/last') resolve();
    });
  });
  await new Promise((resolve) => again.once('connect', resolve));
  for (const topic of ['shut/a', 'open/last']) await second.broker.publish(topic, topic, { qos: 1 });
  await last;
  expect(received).toEqual(['open/a', 'open/last']);
  await again.endAsync();
  await second.broker.close();
});
