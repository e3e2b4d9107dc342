import { expect, test } from 'vitest';
import { bridgedServer } from './bridged-server.ts';

test('GET answers with the retained message of a topic, and what belongs to it as headers', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a/b', 'é', {
    qos: 1,
    retain: true,
    properties: {
      contentType: 'text/markdown',
      messageExpiryInterval: 60,
      responseTopic: 'answers/é',
      correlationData: Buffer.of(1, 255),
      userProperties: [
        ['site', '7'],
        ['un,it', 'a=b'],
      ],
    },
  });
  await host.clock.advance(10_000);
  const answer = await host.raw('GET', '/topics/a/b');
  expect(answer).toMatchObject({ status: 200, text: 'é' });
  expect(answer.headers).toMatchObject({
    'content-type': 'text/markdown',
    'content-length': '2',
    'mqtt-qos': '1',
    'mqtt-retain': 'true',
    'mqtt-expiry': '50',
    'mqtt-response-topic': 'answers/%C3%A9',
    'mqtt-correlation-data': 'Af8=',
    'mqtt-user-property': 'site=7, un%2Cit=a=b',
  });
});

test('what GET answers, PUT takes', async () => {
  const host = await bridgedServer();
  const properties = {
    contentType: 'application/json',
    payloadFormatIndicator: 1 as const,
    responseTopic: 'r',
    correlationData: Uint8Array.of(1, 255),
    userProperties: [['n,=%ä', 'v,=%\n']] as const,
  };
  await host.broker.publish('a', '{}', { qos: 1, retain: true, properties });
  const { headers, text } = await host.raw('GET', '/topics/a');
  const taken = Object.entries(headers).flatMap(([name, value]) =>
    /^(mqtt-|content-type)/.test(name) && typeof value === 'string' ? [[name, value] as const] : [],
  );
  await host.raw('PUT', '/topics/b', Object.fromEntries(taken), text);
  expect(host.broker.retained('b')).toMatchObject({ qos: 1, properties });
});

test('HEAD answers with the headers alone', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a', 'text', { retain: true });
  const answer = await host.raw('HEAD', '/topics/a');
  expect(answer).toMatchObject({ status: 200, text: '' });
  expect(answer.headers['content-length']).toBe('4');
});

test('a topic with nothing retained is answered with 404', async () => {
  const host = await bridgedServer();
  const answer = await host.fetch('/topics/a');
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ detail: 'nothing is retained for "a"' });
});

test('who has the message already is told that it is still the same', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a', '1', { retain: true, properties: { messageExpiryInterval: 100 } });
  const tag = (await host.fetch('/topics/a')).headers.get('etag') ?? '';
  await host.clock.advance(2000);
  const again = await host.fetch('/topics/a', { headers: { 'if-none-match': `"other", ${tag}` } });
  expect(again.status).toBe(304);
  await host.broker.publish('a', '2', { retain: true });
  const changed = await host.fetch('/topics/a', { headers: { 'if-none-match': tag } });
  expect([changed.status, await changed.text()]).toEqual([200, '2']);
});

test('a message with no content type is bytes, or text where it says that it is', async () => {
  const host = await bridgedServer();
  await host.broker.publish('bytes', 'x', { retain: true });
  await host.broker.publish('text', 'x', { retain: true, properties: { payloadFormatIndicator: 1 } });
  const typeOf = async (topic: string) => (await host.fetch(`/topics/${topic}`)).headers.get('content-type');
  expect(await typeOf('bytes')).toBe('application/octet-stream');
  expect(await typeOf('text')).toBe('text/plain; charset=utf-8');
});

test('a content type that would break out of its header is shown percent-encoded, beside a harmless one', async () => {
  const host = await bridgedServer();
  const contentType = 'text/html\r\nSet-Cookie: a=b';
  await host.broker.publish('a', 'x', { retain: true, properties: { contentType } });
  const { headers } = await host.raw('GET', '/topics/a');
  expect(headers['content-type']).toBe('application/octet-stream');
  expect(headers['mqtt-content-type']).toBe('text/html%0D%0ASet-Cookie:%20a=b');
  expect(headers['set-cookie']).toBeUndefined();
});

test('line breaks in user properties and topics stay inside their headers', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a', 'x', {
    retain: true,
    properties: { responseTopic: 'b\r\nX-Evil: 1', userProperties: [['a\nb', 'c\r\nX-Evil: 1']] },
  });
  const { headers } = await host.raw('GET', '/topics/a');
  expect(headers).toMatchObject({
    'mqtt-response-topic': 'b%0D%0AX-Evil:%201',
    'mqtt-user-property': 'a%0Ab=c%0D%0AX-Evil:%201',
  });
  expect(headers['x-evil']).toBeUndefined();
});

test('a payload that is a page does not run in the name of the host', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a', '<script>', { retain: true, properties: { contentType: 'text/html' } });
  const { headers } = await host.raw('GET', '/topics/a');
  expect(headers).toMatchObject({
    'content-type': 'text/html',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
});

test('who may not subscribe to a topic does not read it, and who may not receive the message neither', async () => {
  const host = await bridgedServer();
  host.broker.use({
    name: 'rules',
    hooks: {
      authorizeSubscribe: ({ subscription: { filter } }) => filter !== 'secret',
      authorizeDeliver: ({ message: { topic } }) => topic !== 'hidden',
    },
  });
  await host.broker.publish('secret', 'x', { retain: true });
  await host.broker.publish('hidden', 'x', { retain: true });
  await host.broker.publish('open', 'x', { retain: true });
  const statusOf = async (topic: string) => (await host.fetch(`/topics/${topic}`)).status;
  expect([await statusOf('secret'), await statusOf('hidden'), await statusOf('open')]).toEqual([
    401, 403, 200,
  ]);
});

test('plugins rewrite what is read as they rewrite what clients get', async () => {
  const host = await bridgedServer();
  host.broker.use({ name: 'shout', hooks: { rewriteDeliver: () => ({ payload: Buffer.from('LOUD') }) } });
  await host.broker.publish('a', 'quiet', { retain: true });
  expect(await (await host.fetch('/topics/a')).text()).toBe('LOUD');
});

test('an expired message is not there any more', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a', 'x', { retain: true, properties: { messageExpiryInterval: 1 } });
  await host.clock.advance(1001);
  expect((await host.fetch('/topics/a')).status).toBe(404);
});

test('reading leaves nothing behind', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a', 'x', { retain: true });
  await host.fetch('/topics/a');
  await expect.poll(() => [...host.broker.sessions()]).toEqual([]);
});
