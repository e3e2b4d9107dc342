import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { readTarget } from '../src/target.ts';
import { type BridgedServer, bridgedServer } from './bridged-server.ts';

/** What a bridge that published anything would have told. */
function published(host: BridgedServer): string[] {
  const topics: string[] = [];
  host.broker.use({
    name: 'witness',
    hooks: { published: ({ message }) => void topics.push(message.topic) },
  });
  return topics;
}

test.each([
  ['POST', '/topics/a/+/b', 'wildcard'],
  ['POST', '/topics/%23', 'wildcard'],
  ['POST', '/topics/a%00b', 'U+0000'],
  ['POST', '/topics/', 'empty'],
  ['POST', `/topics/${'a/'.repeat(200)}b`, 'levels'],
  ['POST', '/topics/%zz', 'percent'],
  ['POST', '/topics/%', 'percent'],
  ['POST', '/topics/%ff%fe', 'percent'],
  ['POST', '/topics/a?qos=3', 'qos is "3"; it must be 0, 1 or 2'],
  ['POST', '/topics/a?qos=1&qos=2', 'qos is given 2 times'],
  ['POST', '/topics/a?retain=perhaps', 'true or false'],
  ['POST', '/topics/a?expiry=-1', 'number of seconds'],
  ['POST', '/topics/a?expiry=4294967296', 'number of seconds'],
  ['POST', '/topics/a?expiry=1e3', 'number of seconds'],
  ['POST', '/topics/a?response-topic=a/%23', 'response-topic cannot be'],
  ['POST', '/topics/a?correlation-data=%25%25', 'no base64'],
  ['POST', '/topics/a?correlation-data=A', 'no base64'],
  ['POST', '/topics/a?user-property=novalue', 'name=value'],
  ['POST', '/topics/a?user-property=a%00=b', 'U+0000'],
  ['POST', '/topics/a?reatin=true', 'there is no parameter "reatin"'],
  ['POST', '/topics/a?__proto__=1', 'there is no parameter "__proto__"'],
  ['POST', '/topics', 'name one topic'],
  ['POST', '/topics?topic=a&topic=b', 'name one topic'],
  ['GET', '/topics/a?qos=1', 'there is no parameter "qos"'],
  ['GET', '/events', 'name a topic filter'],
  ['GET', '/events?filter=a/%23/b', 'a filter cannot be'],
  ['GET', '/events?filter=', 'a filter cannot be'],
  ['GET', '/events?filter=$share//a', 'a filter cannot be'],
  ['GET', '/events?filter=a&qos=2', 'a stream has 0 or 1'],
  ['GET', `/events?${Array.from({ length: 17 }, (_, n) => `filter=${n}`).join('&')}`, '16 filters'],
])('%s %s is refused with a reason', async (method, path, reason) => {
  const host = await bridgedServer();
  const topics = published(host);
  const answer = await host.raw(method, path, {}, method === 'POST' ? 'x' : '');
  expect(answer.status).toBe(400);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(answer.text).detail).toContain(reason);
  expect(topics).toEqual([]);
});

test.each([
  [{ 'mqtt-qos': 'x' }, 'qos is'],
  [{ 'mqtt-priority': '1' }, 'there is no header "mqtt-priority"'],
  [{ 'mqtt-correlation-data': '*' }, 'no base64'],
  [{ 'mqtt-response-topic': '%' }, 'not percent-encoded'],
  [{ 'mqtt-user-property': 'a=1,b' }, 'name=value'],
  [{ 'mqtt-user-property': 'a=%00' }, 'U+0000'],
  [{ 'mqtt-user-property': 'a=%0A'.repeat(3) }, ''],
])('headers %j are refused, or are text', async (headers, reason) => {
  const host = await bridgedServer();
  const answer = await host.raw('POST', '/topics/a', headers, 'x');
  expect(answer.status).toBe(reason === '' ? 200 : 400);
  expect(answer.text).toContain(reason.replaceAll('"', '\\"'));
});

test('what is given as a header and as a parameter is refused', async () => {
  const host = await bridgedServer();
  const answer = await host.raw('POST', '/topics/a?qos=1', { 'mqtt-qos': '1' }, 'x');
  expect(JSON.parse(answer.text)).toMatchObject({
    status: 400,
    detail: 'qos is given twice: as a header and as a parameter',
  });
});

test('more user properties than allowed are refused', async () => {
  const host = await bridgedServer({ limits: { maximumUserProperties: 2 } });
  const answer = await host.raw('POST', '/topics/a', { 'mqtt-user-property': 'a=1,b=2,c=3' }, 'x');
  expect(JSON.parse(answer.text)).toMatchObject({ status: 400, detail: 'more than 2 user properties' });
});

test('a topic longer than MQTT can say is refused, however long a path may be', () => {
  expect(() => readTarget(`/topics/${'a'.repeat(65_536)}`)).toThrow('the topic cannot be');
  expect(readTarget(`/topics/${'a'.repeat(65_535)}`)).toMatchObject({ resource: 'topic' });
});

test('a path and query longer than allowed are refused', async () => {
  const host = await bridgedServer({ limits: { maximumTargetBytes: 100 } });
  expect(await host.raw('POST', `/topics/${'a'.repeat(100)}`, {}, 'x')).toMatchObject({ status: 414 });
});

test('topics of the broker itself are not for clients', async () => {
  const host = await bridgedServer();
  expect(await host.raw('POST', '/topics/$SYS/broker/version', {}, 'x')).toMatchObject({ status: 401 });
  const messages = host.broker.messages('$mine/#');
  expect(await host.raw('POST', '/topics/$mine/a', {}, 'x')).toMatchObject({ status: 200 });
  expect((await messages.next()).value?.topic).toBe('$mine/a');
  const stream = await host.events('filter=%23');
  await stream.next();
  await host.broker.publish('$mine/a', 'hidden');
  await host.broker.publish('a', 'seen');
  expect(await stream.payloads(1)).toEqual(['seen']);
});

test('a body longer than allowed is refused before it is sent, where its length is known', async () => {
  const host = await bridgedServer({ limits: { maximumBodyBytes: 10 } });
  const topics = published(host);
  const answer = await host.raw('POST', '/topics/a', { 'content-length': '11' }, 'x'.repeat(11));
  expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } });
  expect(await host.raw('POST', '/topics/a', {}, 'x'.repeat(10))).toMatchObject({ status: 200 });
  expect(topics).toEqual(['a']);
});

test('a body of unknown length is not read beyond what is allowed', async () => {
  const host = await bridgedServer({ limits: { maximumBodyBytes: 1000 } });
  const topics = published(host);
  const socket = connect(host.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('POST /topics/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`;
  socket.write(chunk + chunk);
  const [answer]: Buffer[] = await once(socket, 'data');
  expect(answer?.toString()).toMatch(/^HTTP\/1.1 413 Payload Too Large\r\n/);
  await once(socket.resume(), 'close');
  expect(topics).toEqual([]);
});

test('the limit of the broker for packets holds for bodies too', async () => {
  const host = await bridgedServer({}, { limits: { maximumPacketSize: 1000 } });
  expect(await host.raw('POST', '/topics/a', {}, 'x'.repeat(1001))).toMatchObject({ status: 413 });
  // The body alone would fit.
  expect(await host.raw('POST', '/topics/a', {}, 'x'.repeat(999))).toMatchObject({ status: 413 });
});

test('a sender who goes away in the middle of the body publishes nothing', async () => {
  const host = await bridgedServer();
  const topics = published(host);
  const socket = connect(host.port, '127.0.0.1');
  socket.write('POST /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of');
  await expect.poll(() => host.bridge.state.requests).toBe(1);
  socket.destroy();
  await expect.poll(() => host.bridge.state.requests).toBe(0);
  await expect.poll(() => [...host.broker.clients()]).toEqual([]);
  expect(topics).toEqual([]);
});

test('a sender who never finishes the body is not waited for', async () => {
  const host = await bridgedServer({ limits: { bodyTimeout: 5000 } });
  const topics = published(host);
  const request = once(host.server, 'request');
  const socket = connect(host.port, '127.0.0.1');
  socket.write('POST /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
  const [incoming]: IncomingMessage[] = await request;
  await expect.poll(() => incoming?.listenerCount('data')).toBe(1);
  // A byte now and then does not help.
  await host.clock.advance(3000);
  socket.write('x');
  await once(incoming ?? socket, 'data');
  await host.clock.advance(2000);
  const [answer]: Buffer[] = await once(socket, 'data');
  expect(answer?.toString()).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
  await once(socket.resume(), 'close');
  expect(topics).toEqual([]);
});

test('a sender who is not let in is answered before the body is read', async () => {
  const host = await bridgedServer({ authenticate: () => undefined });
  const socket = connect(host.port, '127.0.0.1');
  socket.write('POST /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n');
  const [answer]: Buffer[] = await once(socket, 'data');
  expect(answer?.toString()).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/);
  socket.destroy();
});

test('more requests at work than allowed are sent away', async () => {
  const host = await bridgedServer({ limits: { maximumRequests: 1 } });
  const socket = connect(host.port, '127.0.0.1');
  socket.write('POST /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
  await expect.poll(() => host.bridge.state.requests).toBe(1);
  const answer = await host.raw('POST', '/topics/a', {}, 'x');
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  socket.destroy();
});

test.each([
  ['PATCH', '/topics/a', 'GET, HEAD, POST, PUT, DELETE, OPTIONS'],
  ['POST', '/events?filter=a', 'GET, OPTIONS'],
  ['HEAD', '/events?filter=a', 'GET, OPTIONS'],
])('%s %s is not possible, and the answer says what is', async (method, path, allow) => {
  const host = await bridgedServer();
  expect(await host.raw(method, path)).toMatchObject({ status: 405, headers: { allow } });
});

test('OPTIONS says what is possible', async () => {
  const host = await bridgedServer();
  expect(await host.raw('OPTIONS', '/events')).toMatchObject({
    status: 204,
    headers: { allow: 'GET, OPTIONS' },
  });
});

test('DELETE takes neither a body nor what belongs to a message', async () => {
  const host = await bridgedServer();
  expect(await host.raw('DELETE', '/topics/a', { 'content-length': '1' }, 'x')).toMatchObject({
    status: 400,
  });
  expect(await host.raw('DELETE', '/topics/a?retain=false')).toMatchObject({ status: 400 });
});

test('a QoS or a retain flag that the broker does not grant is refused', async () => {
  const modest = await bridgedServer({}, { maximumQoS: 0 });
  expect(await modest.raw('POST', '/topics/a?qos=1', {}, 'x')).toMatchObject({ status: 400 });
  expect(await modest.raw('POST', '/topics/a', {}, 'x')).toMatchObject({ status: 202 });
  const forgetful = await bridgedServer({}, { retainAvailable: false });
  expect(await forgetful.raw('PUT', '/topics/a', {}, 'x')).toMatchObject({ status: 400 });
});

test('a client that publishes faster than it may is told to wait', async () => {
  const host = await bridgedServer();
  host.broker.use({ name: 'rates', hooks: { authorizePublish: () => ({ allow: false, reasonCode: 0x97 }) } });
  expect(await host.raw('POST', '/topics/a', {}, 'x')).toMatchObject({
    status: 429,
    headers: { 'retry-after': '5' },
  });
});

test('one reader holds no more streams than allowed, and who is away makes room', async () => {
  const host = await bridgedServer({ limits: { maximumStreamsPerIdentity: 2 } });
  const first = await host.events('filter=a');
  const second = await host.events('filter=b');
  await expect(host.events('filter=c')).rejects.toThrow('429');
  first.cut();
  await expect.poll(() => [...host.broker.clients()].length).toBe(1);
  await host.events('filter=c');
  expect(host.bridge.state.streams).toBe(2);
  second.cut();
});

test('all readers together hold no more streams than allowed', async () => {
  let reader = 0;
  const host = await bridgedServer({
    limits: { maximumStreams: 2 },
    authenticate: () => `reader ${++reader}`,
  });
  await host.events('filter=a');
  const second = await host.events('filter=a');
  await expect(host.events('filter=a')).rejects.toThrow('503');
  second.cut();
  await expect.poll(() => [...host.broker.clients()].length).toBe(1);
  await host.events('filter=a');
  await expect.poll(() => [...host.broker.sessions()].length).toBe(2);
});
