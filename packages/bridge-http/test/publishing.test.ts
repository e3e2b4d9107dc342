import { expect, test } from 'vitest';
import { bridgedServer } from './bridged-server.ts';
import { StoreInHands } from './store-in-hands.ts';

test('a body that is POSTed is published under the topic of the path', async () => {
  const host = await bridgedServer();
  const messages = host.broker.messages('site/#');
  const answer = await host.fetch('/topics/site/7/temperature', {
    method: 'POST',
    body: '21.5',
    headers: { 'content-type': 'text/plain' },
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({
    topic: 'site/7/temperature',
    qos: 1,
    retain: false,
    acknowledged: true,
    reasonCode: 0,
    reason: 'Success',
    matchingSubscribers: true,
  });
  const { value } = await messages.next();
  expect(value).toMatchObject({
    topic: 'site/7/temperature',
    qos: 1,
    retain: false,
    properties: { contentType: 'text/plain', payloadFormatIndicator: 1 },
  });
  expect(value?.text()).toBe('21.5');
});

test('who publishes is told when nobody is there to get it', async () => {
  const host = await bridgedServer();
  const answer = await host.fetch('/topics/nobody', { method: 'POST', body: 'x' });
  expect(await answer.json()).toMatchObject({
    reasonCode: 16,
    reason: 'No matching subscribers',
    matchingSubscribers: false,
  });
});

test.each([0, 1, 2] as const)('a message of QoS %i is published as such', async (qos) => {
  const host = await bridgedServer();
  const messages = host.broker.messages('a');
  const answer = await host.fetch(`/topics/a?qos=${qos}`, { method: 'POST', body: 'x' });
  expect(answer.status).toBe(qos === 0 ? 202 : 200);
  expect(await answer.json()).toMatchObject({
    qos,
    acknowledged: qos > 0,
    matchingSubscribers: qos === 0 ? null : true,
  });
  expect((await messages.next()).value).toMatchObject({ qos });
});

test('what belongs to a message comes by headers', async () => {
  const host = await bridgedServer();
  const messages = host.broker.messages('a');
  await host.raw(
    'POST',
    '/topics/a',
    {
      'content-type': 'image/png',
      'mqtt-qos': '2',
      'mqtt-retain': 'true',
      'mqtt-expiry': '60',
      'mqtt-response-topic': 'answers/%C3%A9',
      'mqtt-correlation-data': 'AQID/w==',
      'mqtt-user-property': 'site=7, un%2Cit=a%3Db',
    },
    'x',
  );
  expect((await messages.next()).value).toMatchObject({
    qos: 2,
    retain: true,
    properties: {
      contentType: 'image/png',
      messageExpiryInterval: 60,
      responseTopic: 'answers/é',
      correlationData: Uint8Array.of(1, 2, 3, 255),
      userProperties: [
        ['site', '7'],
        ['un,it', 'a=b'],
      ],
    },
  });
});

test('what belongs to a message comes by parameters', async () => {
  const host = await bridgedServer();
  const messages = host.broker.messages('a');
  const query =
    'qos=0&retain=true&expiry=5&response-topic=b/c&correlation-data=_w&user-property=x=1&user-property=x=%262';
  expect((await host.fetch(`/topics/a?${query}`, { method: 'POST', body: 'x' })).status).toBe(202);
  expect((await messages.next()).value).toMatchObject({
    qos: 0,
    retain: true,
    properties: {
      messageExpiryInterval: 5,
      responseTopic: 'b/c',
      correlationData: Uint8Array.of(255),
      userProperties: [
        ['x', '1'],
        ['x', '&2'],
      ],
    },
  });
});

test.each([
  ['text/plain', 'é', true],
  ['text/plain; charset=UTF-8', 'é', true],
  ['application/json', '{}', true],
  ['application/ld+json', '{}', true],
  ['text/plain; charset=latin1', 'e', false],
  ['application/octet-stream', 'e', false],
  ['text/plain', Buffer.of(0xff), false],
])('%s with %s is called text: %s', async (contentType, body, isText) => {
  const host = await bridgedServer();
  const messages = host.broker.messages('a');
  await host.fetch('/topics/a', { method: 'POST', body, headers: { 'content-type': contentType } });
  const { value } = await messages.next();
  expect(value?.properties.payloadFormatIndicator).toBe(isText ? 1 : undefined);
  expect(value?.properties.contentType).toBe(contentType);
});

test.each([
  ['/topics/a/b', 'a/b'],
  ['/topics//a//', '/a//'],
  ['/topics/caf%C3%A9/%E6%B8%A9', 'café/温'],
  ['/topics/a%2Fb', 'a/b'],
  ['/topics/a%20b', 'a b'],
  ['/topics/%20', ' '],
  ['/topics?topic=..%2Fa', '../a'],
])('the path %s names the topic "%s"', async (path, topic) => {
  const host = await bridgedServer();
  const answer = await host.raw('POST', path, {}, 'x');
  expect(JSON.parse(answer.text)).toMatchObject({ topic });
});

test('PUT retains, unless it says otherwise', async () => {
  const host = await bridgedServer();
  expect(await (await host.fetch('/topics/a', { method: 'PUT', body: '1' })).json()).toMatchObject({
    retain: true,
  });
  await host.fetch('/topics/b?retain=false', { method: 'PUT', body: '1' });
  await host.fetch('/topics/c?retain=true', { method: 'POST', body: '1' });
  expect([...host.broker.retainedMessages('#')].map(({ topic }) => topic).sort()).toEqual(['a', 'c']);
});

test('DELETE takes away what is retained, and does no harm where nothing is', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a', '1', { retain: true });
  expect((await host.fetch('/topics/a', { method: 'DELETE' })).status).toBe(204);
  expect(host.broker.retained('a')).toBeUndefined();
  expect((await host.fetch('/topics/a', { method: 'DELETE' })).status).toBe(204);
});

test('an empty body is an empty message', async () => {
  const host = await bridgedServer();
  const messages = host.broker.messages('a');
  await host.fetch('/topics/a', { method: 'POST' });
  expect((await messages.next()).value?.payload).toHaveLength(0);
});

test('the answer waits until the message is stored', async () => {
  const store = new StoreInHands();
  const host = await bridgedServer({}, { persistence: store });
  store.hold();
  let isAnswered = false;
  const answer = host.fetch('/topics/a', { method: 'PUT', body: '1' }).finally(() => {
    isAnswered = true;
  });
  await expect.poll(() => host.broker.retained('a')).toBeDefined();
  expect(isAnswered).toBe(false);
  store.release();
  expect((await answer).status).toBe(200);
});

test('what could not be stored is answered with 503, and with 429 nothing but a quota', async () => {
  const store = new StoreInHands();
  const host = await bridgedServer({}, { persistence: store });
  store.fails = true;
  const answer = await host.fetch('/topics/a', { method: 'PUT', body: '1' });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'it could not be stored',
    reasonCode: 0x80,
  });
  expect(answer.headers.get('retry-after')).toBe('5');
});

test('a message that is not acknowledged in time is answered with 504', async () => {
  const store = new StoreInHands();
  const host = await bridgedServer({ limits: { acknowledgementTimeout: 5000 } }, { persistence: store });
  store.hold();
  const answer = host.fetch('/topics/a', { method: 'PUT', body: '1' });
  await expect.poll(() => host.broker.retained('a')).toBeDefined();
  await host.clock.advance(5000);
  expect((await answer).status).toBe(504);
  store.release();
});
