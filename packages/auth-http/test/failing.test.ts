import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { gate } from './gate.ts';
import { type Answering, Service } from './service.ts';

const never: Answering = () => undefined;

function raw(
  status: number,
  type: string,
  body: string | Buffer,
  more: Record<string, string> = {},
): Answering {
  return (_, response) => void response.writeHead(status, { 'content-type': type, ...more }).end(body);
}

const yes = '{"allow":true}';
const json = 'application/json';

/** What the service does instead of answering, and what the log knows of it. */
const rubbish: readonly (readonly [string, Answering, string])[] = [
  ['a 500 with a yes', raw(500, json, yes), 'the answer has the status 500'],
  ['a 503', raw(503, json, yes), 'the answer has the status 503'],
  ['a 401 with a yes', raw(401, json, yes), 'the answer has the status 401'],
  ['a 404', raw(404, 'text/html', '<h1>'), 'the answer has the status 404'],
  ['a 204', raw(204, json, ''), 'the answer has the status 204'],
  ['a 201 with a yes', raw(201, json, yes), 'the answer has the status 201'],
  ['a redirect', raw(302, json, yes, { location: '/mqtt/yes' }), 'the answer has the status 302'],
  ['another content type', raw(200, 'text/plain', yes), 'the answer is not application/json'],
  ['a content type like JSON', raw(200, 'application/jsonp', yes), 'the answer is not application/json'],
  ['a compressed answer', raw(200, json, yes, { 'content-encoding': 'gzip' }), 'the answer is compressed'],
  ['no body', raw(200, json, ''), 'the answer is not JSON'],
  ['invalid JSON', raw(200, json, '{"allow":true'), 'the answer is not JSON'],
  ['invalid UTF-8', raw(200, json, Buffer.from([0x22, 0xff, 0x22])), 'the answer is not JSON'],
  ['too much', raw(200, json, yes + ' '.repeat(70_000)), 'the answer has more than 65536 bytes'],
  ['true', raw(200, json, 'true'), 'the answer is true; it must be an object'],
  ['a yes of the wrong type', raw(200, json, '{"allow":"true"}'), 'allow is a string'],
  ['a yes with a field nobody knows', raw(200, json, '{"allow":true,"admin":true}'), 'there is no admin'],
  ['half an answer', (_, response) => half(response), 'aborted'],
  ['a reset', (_, response) => void response.socket?.resetAndDestroy(), 'ECONNRESET'],
  ['a closed connection', (_, response) => void response.socket?.end(), 'hang up'],
];

function half(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': json, 'content-length': '100' });
  response.write(yes, () => response.socket?.destroy());
}

describe.each(rubbish)('%s', (_, answer, why) => {
  test('refuses who connects', async () => {
    const service = await Service.start(answer);
    const { knock, refused, laboratory } = gate(service);
    const connack = await knock({ username: 'anna', password: Buffer.from('tick-tock') });
    expect(connack).toMatchObject({
      reasonCode: 0x88,
      properties: { reasonString: 'it cannot be checked at the moment' },
    });
    expect(refused).toMatchObject([{ by: 'auth-http', reasonCode: 0x88 }]);
    const logged = laboratory.logger.records.map(({ details }) =>
      'why' in details ? String(details.why) : '',
    );
    expect(logged.join('\n')).toContain(why);
    expect(JSON.stringify(laboratory.logger.records)).not.toContain('tick-tock');
  });

  test('refuses what is published and subscribed', async () => {
    const service = await Service.start();
    const { enter, refused } = gate(service);
    const client = await enter();
    service.answer = answer;
    expect(await client.publish('a', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x83 });
    expect(await client.publish('a', 'x', { qos: 2 })).toMatchObject({ reasonCode: 0x83 });
    expect(await client.subscribe('a')).toMatchObject({ reasonCodes: [0x83] });
    expect(refused).toHaveLength(3);
    service.answer = () => ({ allow: true });
    expect(await client.publish('a', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  });
});

test('a service that is not there refuses who connects', async () => {
  const service = await Service.start();
  const { url } = service;
  service.stop();
  const { knock, laboratory } = gate(url);
  expect(await knock()).toMatchObject({ reasonCode: 0x88 });
  const reasons = laboratory.logger.records.map(({ details }) => ('why' in details ? details.why : ''));
  expect(reasons.join()).toContain('ECONNREFUSED');
});

test('a MQTT 3.1.1 client is told that the server is unavailable', async () => {
  const service = await Service.start(raw(500, json, ''));
  const { laboratory, broker } = gate(service);
  await expect(laboratory.connect(broker, { clientId: 'old', protocolVersion: 4 })).rejects.toThrow('0x3');
});

test('an answer that is late is given up, and so is one that comes by the drop', async () => {
  const service = await Service.start(never);
  const { arrive, laboratory, refused } = gate(service, { timeout: 2_000 });
  const slow = arrive();
  slow.send({ type: 'connect', clientId: 'slow' });
  expect(await laboratory.settleUntil(() => service.asked.length === 1)).toBe(true);
  await laboratory.advance(1_999);
  expect(refused).toEqual([]);
  await laboratory.advance(1);
  await slow.expect('connack', { reasonCode: 0x88 });

  service.answer = (_, response) => void response.writeHead(200, { 'content-type': json }).write('{"allow":');
  const dripping = arrive();
  dripping.send({ type: 'connect', clientId: 'dripping' });
  expect(await laboratory.settleUntil(() => service.asked.length === 2)).toBe(true);
  await laboratory.advance(2_000);
  await dripping.expect('connack', { reasonCode: 0x88 });
});

test('so many questions are under way and so many wait; beyond that the server is busy', async () => {
  const held: (() => void)[] = [];
  const service = await Service.start(
    (_, response) => void held.push(() => void response.setHeader('content-type', json).end(yes)),
  );
  const { arrive, laboratory } = gate(service, { parallel: 2, waiting: 1, authorize: false });
  const clients = ['a', 'b', 'c', 'd'].map((clientId) => {
    const client = arrive();
    client.send({ type: 'connect', clientId });
    return client;
  });
  const [first, second, third, fourth] = clients;
  await fourth?.expect('connack', { reasonCode: 0x89 });
  expect(await laboratory.settleUntil(() => held.length === 2)).toBe(true);
  await third?.expectNothing();
  held[0]?.();
  await first?.expect('connack', { reasonCode: 0 });
  expect(await laboratory.settleUntil(() => held.length === 3)).toBe(true);
  held[1]?.();
  held[2]?.();
  await second?.expect('connack', { reasonCode: 0 });
  await third?.expect('connack', { reasonCode: 0 });
});

test('who waits too long in the line is given up, and those behind him are not', async () => {
  const service = await Service.start(never);
  const { arrive, laboratory } = gate(service, { parallel: 1, timeout: 2_000 });
  const first = arrive();
  first.send({ type: 'connect', clientId: 'first' });
  expect(await laboratory.settleUntil(() => service.asked.length === 1)).toBe(true);
  await laboratory.advance(1_000);
  const second = arrive();
  second.send({ type: 'connect', clientId: 'second' });
  await laboratory.settle();
  service.answer = () => ({ allow: true });
  await laboratory.advance(1_000);
  await first.expect('connack', { reasonCode: 0x88 });
  await second.expect('connack', { reasonCode: 0 });
});

test('with a full line a message is refused for the quota', async () => {
  const service = await Service.start();
  const { enter, laboratory } = gate(service, { parallel: 1, waiting: 0 });
  const [one, two] = [await enter(), await enter()];
  service.answer = never;
  one.send({ type: 'publish', topic: 'a', qos: 1, packetId: 1 });
  expect(await laboratory.settleUntil(() => service.asked.length === 3)).toBe(true);
  expect(await two.publish('a', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x97 });
  expect(await two.subscribe('a')).toMatchObject({ reasonCodes: [0x97] });
});

describe('the circuit breaker', () => {
  const breaker = { failures: 3, retryAfter: 10_000 };

  test('leaves a service alone that has failed so often in a row, and tries it in time', async () => {
    const service = await Service.start(raw(500, json, ''));
    const { knock, laboratory } = gate(service, { breaker });
    for (let times = 0; times < 6; times++) expect(await knock()).toMatchObject({ reasonCode: 0x88 });
    expect(service.asked).toHaveLength(3);
    expect(laboratory.logger.messages('error')).toHaveLength(1);
    await laboratory.advance(9_999);
    expect(await knock()).toMatchObject({ reasonCode: 0x88 });
    expect(service.asked).toHaveLength(3);
    await laboratory.advance(1);
    // It is still down: one question finds that out.
    for (let times = 0; times < 3; times++) expect(await knock()).toMatchObject({ reasonCode: 0x88 });
    expect(service.asked).toHaveLength(4);
    await laboratory.advance(10_000);
    service.answer = () => ({ allow: true });
    for (let times = 0; times < 3; times++) expect(await knock()).toMatchObject({ reasonCode: 0 });
    expect(service.asked).toHaveLength(7);
    expect(laboratory.logger.messages('info')).toEqual(['the service answers again']);
    expect(laboratory.logger.messages('error')).toHaveLength(1);
  });

  test('lets one question through at a time to see whether it is back', async () => {
    const service = await Service.start(raw(500, json, ''));
    const { knock, arrive, laboratory } = gate(service, { breaker });
    for (let times = 0; times < 3; times++) await knock();
    await laboratory.advance(10_000);
    service.answer = never;
    const probe = arrive();
    probe.send({ type: 'connect', clientId: 'probe' });
    expect(await laboratory.settleUntil(() => service.asked.length === 4)).toBe(true);
    for (let times = 0; times < 3; times++) expect(await knock()).toMatchObject({ reasonCode: 0x88 });
    expect(service.asked).toHaveLength(4);
  });

  test('is not opened by failures with answers between them', async () => {
    const service = await Service.start();
    const { knock } = gate(service, { breaker });
    for (let times = 0; times < 4; times++) {
      service.answer = raw(500, json, '');
      for (let failures = 0; failures < 2; failures++) await knock();
      service.answer = () => ({ allow: true });
      expect(await knock()).toMatchObject({ reasonCode: 0 });
    }
  });

  test.each([
    ['a 400', raw(400, json, '')],
    ['an answer that cannot be', raw(200, json, '{"allow":7}')],
  ])('is not opened by %s, which somebody may provoke on purpose', async (_, answer) => {
    const service = await Service.start(answer);
    const { knock } = gate(service, { breaker });
    for (let times = 0; times < 9; times++) expect(await knock()).toMatchObject({ reasonCode: 0x88 });
    expect(service.asked).toHaveLength(9);
  });
});

test('a connection that the service had closed while it was idle costs nobody an answer', async () => {
  const service = await Service.start();
  const { knock } = gate(service);
  for (let times = 0; times < 5; times++) {
    expect(await knock()).toMatchObject({ reasonCode: 0 });
    service.server.closeAllConnections();
  }
});

test('who asked and is gone leaves no question behind', async () => {
  const service = await Service.start(never);
  const { arrive, registration, laboratory } = gate(service);
  const client = arrive();
  client.send({ type: 'connect', clientId: 'c' });
  expect(await laboratory.settleUntil(() => service.asked.length === 1)).toBe(true);
  await registration.dispose();
  await client.expect('connack', { reasonCode: 0x88 });
});

test('a service that speaks no HTTP refuses who connects', async () => {
  const server = createServer((socket) => void socket.end('220 mail.example.com ESMTP\r\n'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  const { knock } = gate(`http://127.0.0.1:${address.port}`);
  expect(await knock()).toMatchObject({ reasonCode: 0x88 });
});
