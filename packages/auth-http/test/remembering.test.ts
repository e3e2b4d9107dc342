import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { gate } from './gate.ts';
import { Service } from './service.ts';

const login = { clientId: 'c', username: 'anna', password: Buffer.from('tick-tock') };

test('an answer is remembered for its time, a yes as well as a no', async () => {
  const service = await Service.start();
  const { knock, laboratory } = gate(service, { cache: { cacheFor: 5_000 }, authorize: false });
  for (let times = 0; times < 3; times++) expect(await knock(login)).toMatchObject({ reasonCode: 0 });
  expect(service.asked).toHaveLength(1);
  service.answer = () => ({ allow: false, cacheFor: 2_000 });
  await laboratory.advance(4_999);
  expect(await knock(login)).toMatchObject({ reasonCode: 0 });
  await laboratory.advance(1);
  for (let times = 0; times < 3; times++) expect(await knock(login)).toMatchObject({ reasonCode: 0x87 });
  expect(service.asked).toHaveLength(2);
  service.answer = () => ({ allow: true, cacheFor: 0 });
  await laboratory.advance(2_000);
  for (let times = 0; times < 3; times++) expect(await knock(login)).toMatchObject({ reasonCode: 0 });
  expect(service.asked).toHaveLength(5);
});

test('another password, client id or address is another question', async () => {
  const service = await Service.start();
  const { knock } = gate(service, { authorize: false });
  await knock(login, { address: '192.0.2.1', port: 1 });
  await knock(login, { address: '192.0.2.1', port: 2 });
  expect(service.asked).toHaveLength(1);
  await knock({ ...login, password: Buffer.from('tick-tock ') }, { address: '192.0.2.1' });
  await knock({ ...login, clientId: 'd' }, { address: '192.0.2.1' });
  await knock(login, { address: '192.0.2.2' });
  expect(service.asked).toHaveLength(4);
});

test('a time that the service wants is cut to the longest', async () => {
  const service = await Service.start(() => ({ allow: true, cacheFor: 86_400_000 }));
  const { knock, laboratory } = gate(service, { cache: { maximumCacheFor: 60_000 }, authorize: false });
  await knock(login);
  await laboratory.advance(60_000);
  await knock(login);
  expect(service.asked).toHaveLength(2);
});

test('a grant that ends is not remembered beyond its end', async () => {
  const service = await Service.start(() => ({
    allow: true,
    cacheFor: 60_000,
    expiresAt: 1_800_000_002_000,
  }));
  const { knock, laboratory } = gate(service, { authorize: false });
  await knock(login);
  await knock(login);
  expect(service.asked).toHaveLength(1);
  await laboratory.advance(2_000);
  await knock(login);
  expect(service.asked).toHaveLength(2);
});

test('a failure is not remembered', async () => {
  const service = await Service.start((_, response) => void response.writeHead(500).end());
  const { knock } = gate(service, { authorize: false });
  expect(await knock(login)).toMatchObject({ reasonCode: 0x88 });
  service.answer = () => ({ allow: true });
  expect(await knock(login)).toMatchObject({ reasonCode: 0 });
});

test('no more is remembered than may be, and what was asked for longest is forgotten', async () => {
  const service = await Service.start();
  const { enter } = gate(service, { cache: { maximumEntries: 2 } });
  const client = await enter();
  const topics = (): unknown[] => service.asked.slice(1).map(({ body }) => body.topic);
  for (const topic of ['a', 'b', 'a', 'c', 'a', 'b']) await client.publish(topic, 'x', { qos: 1 });
  expect(topics()).toEqual(['a', 'b', 'c', 'b']);
});

test('what was found for one connection says nothing of the next', async () => {
  const service = await Service.start();
  const { enter } = gate(service);
  for (const clientId of ['c', 'c', 'd']) {
    const client = await enter({ clientId });
    await client.publish('a', 'x', { qos: 1 });
    await client.publish('a', 'x', { qos: 1 });
    await client.publish('a', 'x', { qos: 2 });
    await client.subscribe('a');
    await client.unsubscribe('a');
    await client.subscribe('a');
  }
  expect(service.asked.filter(({ body }) => body.action === 'publish')).toHaveLength(6);
  expect(service.asked.filter(({ body }) => body.action === 'subscribe')).toHaveLength(3);
});

test('neither password nor secret is kept in the clear, or told to the log', async () => {
  const service = await Service.start();
  const { knock, laboratory } = gate(service, { headers: { authorization: 'Bearer 7a5d' } });
  await knock(login);
  service.answer = (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('tick-tock');
  await knock({ ...login, clientId: 'd' });
  service.stop();
  for (let times = 0; times < 9; times++) await knock({ ...login, clientId: `e${times}` });
  const logged = inspect(laboratory.logger.records, { depth: 9, maxStringLength: null });
  expect(logged).toContain('the service does not answer');
  expect(logged).not.toContain('tick-tock');
  expect(logged).not.toContain(login.password.toString('base64'));
  expect(logged).not.toContain('7a5d');
});
