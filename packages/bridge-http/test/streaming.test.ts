import { memoryStore } from '@carillon/persistence';
import { expect, test } from 'vitest';
import { type BridgedServer, bridgedServer } from './bridged-server.ts';

/** Resolves when the broker knows that the readers have gone. */
async function readersGone(host: BridgedServer): Promise<void> {
  await expect.poll(() => [...host.broker.clients()].length).toBe(0);
}

test('a stream of events begins with "ready" and then has each message that matches', async () => {
  const host = await bridgedServer();
  const stream = await host.events('filter=site/%2B/temperature');
  expect(stream.response.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  expect(await stream.next()).toMatchObject({
    event: 'ready',
    data: { filters: ['site/+/temperature'], resumed: false },
  });
  expect(stream.text).toContain('retry: 2000\n');
  await host.broker.publish('site/7/temperature', '21.5', { qos: 1 });
  expect(await stream.next()).toEqual({
    event: 'message',
    id: expect.stringMatching(/^[A-Za-z0-9_-]{22}\.1$/),
    data: {
      topic: 'site/7/temperature',
      payload: '21.5',
      encoding: 'utf8',
      qos: 1,
      retain: false,
      properties: {},
    },
  });
});

test('bytes that are no text come as base64, and properties as in the packet', async () => {
  const host = await bridgedServer();
  const stream = await host.events('filter=a');
  await host.broker.publish('a', Buffer.of(0xff, 0), {
    properties: {
      contentType: 'a\nb',
      correlationData: Buffer.of(1),
      userProperties: [['id', '1\n\nevent: evil']],
      payloadFormatIndicator: 0,
    },
  });
  await stream.next();
  expect((await stream.next()).data).toEqual({
    topic: 'a',
    payload: '/wA=',
    encoding: 'base64',
    qos: 0,
    retain: false,
    properties: {
      contentType: 'a\nb',
      correlationData: 'AQ==',
      userProperties: [['id', '1\n\nevent: evil']],
      payloadFormatIndicator: 0,
    },
  });
});

test('several filters make one stream, and a plus sign need not be encoded', async () => {
  const host = await bridgedServer();
  const stream = await host.events('filter=a/+&filter=b/%23');
  await host.broker.publish('a/1', '1');
  await host.broker.publish('c/1', 'no');
  await host.broker.publish('b/1/2', '2');
  expect(await stream.payloads(2)).toEqual(['1', '2']);
});

test('what is retained comes first, unless it is not wanted', async () => {
  const host = await bridgedServer();
  await host.broker.publish('a', 'old', { retain: true });
  const stream = await host.events('filter=a');
  await stream.next();
  expect((await stream.next()).data).toMatchObject({ payload: 'old', retain: true });
  const other = await host.events('filter=a&retained=false');
  await host.broker.publish('a', 'new');
  expect(await other.payloads(1)).toEqual(['new']);
});

test('a reader who comes back with the id of the last event gets what it has missed', async () => {
  const host = await bridgedServer();
  const first = await host.events('filter=a');
  await host.broker.publish('a', '1', { qos: 1 });
  await host.broker.publish('a', '2', { qos: 1 });
  expect(await first.payloads(1)).toEqual(['1']);
  const seen = first.lastEventId;
  first.cut();
  await readersGone(host);
  await host.broker.publish('a', '3', { qos: 1 });
  const second = await host.events('filter=a', { 'last-event-id': seen });
  expect(await second.next()).toMatchObject({ event: 'ready', id: seen, data: { resumed: true } });
  await host.broker.publish('a', '4', { qos: 1 });
  expect(await second.payloads(3)).toEqual(['2', '3', '4']);
  expect(second.text).not.toContain('gap');
});

test('a reader may come back before the cut of the old connection was noticed', async () => {
  const host = await bridgedServer();
  const first = await host.events('filter=a');
  await host.broker.publish('a', '1', { qos: 1 });
  await first.payloads(1);
  const second = await host.events('filter=a', { 'last-event-id': first.lastEventId });
  await first.ended();
  await host.broker.publish('a', '2', { qos: 1 });
  expect(await second.payloads(1)).toEqual(['2']);
  expect(host.bridge.state.streams).toBe(1);
});

test('the id of the last event may be a parameter, for readers that cannot set headers', async () => {
  const host = await bridgedServer();
  const first = await host.events('filter=a');
  await first.next();
  first.cut();
  await readersGone(host);
  await host.broker.publish('a', '1', { qos: 1 });
  const second = await host.events(`filter=a&last-event-id=${first.lastEventId}`);
  expect(await second.payloads(1)).toEqual(['1']);
});

test('every cut at every event loses nothing and repeats nothing', async () => {
  const host = await bridgedServer();
  let stream = await host.events('filter=a');
  await stream.next();
  const got: unknown[] = [];
  for (let round = 0; round < 20; round++) {
    for (let n = 0; n < 5; n++) await host.broker.publish('a', `${round}.${n}`, { qos: 1 });
    got.push(...(await stream.payloads(round % 5)));
    stream.cut();
    await readersGone(host);
    stream = await host.events('filter=a', { 'last-event-id': stream.lastEventId });
    const rest = (round + 1) * 5 - got.length;
    // All but the last one, so that each round begins in the middle.
    got.push(...(await stream.payloads(rest)));
  }
  const published = Array.from({ length: 100 }, (_, i) => `${Math.floor(i / 5)}.${i % 5}`);
  expect(got).toEqual(published);
  expect(stream.text).not.toContain('gap');
});

test('a stream waits for its reader no longer than agreed, and then says that something may be missing', async () => {
  const host = await bridgedServer({ limits: { streamExpiry: 60 } });
  const first = await host.events('filter=a');
  await first.next();
  first.cut();
  await readersGone(host);
  expect(host.bridge.state.streams).toBe(1);
  await host.clock.advance(60_001);
  expect(host.bridge.state.streams).toBe(0);
  await expect.poll(() => [...host.broker.sessions()]).toEqual([]);
  const second = await host.events('filter=a', { 'last-event-id': first.lastEventId });
  expect(await second.next()).toMatchObject({ event: 'ready', data: { resumed: false } });
  expect(await second.next()).toMatchObject({ event: 'gap', data: { reason: 'expired', missed: null } });
});

test('an id that is none of ours begins a stream anew, with a gap', async () => {
  const host = await bridgedServer();
  for (const id of ['42', 'x'.repeat(5000), 'AAAAAAAAAAAAAAAAAAAAAA.1', '"><script>']) {
    const stream = await host.events('filter=a', { 'last-event-id': id });
    expect(await stream.next()).toMatchObject({ event: 'ready', data: { resumed: false } });
    expect(await stream.next()).toMatchObject({ event: 'gap', data: { reason: 'expired' } });
    stream.cut();
  }
});

test('other filters than before begin a stream anew', async () => {
  const host = await bridgedServer();
  const first = await host.events('filter=a');
  await first.next();
  const second = await host.events('filter=a&filter=b', { 'last-event-id': first.lastEventId });
  expect(await second.next()).toMatchObject({ data: { resumed: false } });
});

test('more than the ring holds leaves a gap that is counted', async () => {
  const host = await bridgedServer({ limits: { replayEvents: 3 } });
  const first = await host.events('filter=a');
  for (let n = 1; n <= 10; n++) await host.broker.publish('a', `${n}`, { qos: 1 });
  await first.payloads(2);
  const seen = first.lastEventId;
  await first.payloads(8);
  first.cut();
  await readersGone(host);
  const second = await host.events('filter=a', { 'last-event-id': seen });
  await second.next();
  expect(await second.next()).toMatchObject({ event: 'gap', data: { reason: 'overrun', missed: 5 } });
  expect(await second.payloads(3)).toEqual(['8', '9', '10']);
});

test('what the broker dropped while the reader was away is told', async () => {
  const host = await bridgedServer({}, { limits: { maximumQueuedMessages: 2 } });
  const first = await host.events('filter=a');
  await first.next();
  first.cut();
  await readersGone(host);
  await host.broker.publish('a', 'at most once', { qos: 0 });
  for (let n = 1; n <= 3; n++) await host.broker.publish('a', `${n}`, { qos: 1 });
  const second = await host.events('filter=a', { 'last-event-id': first.lastEventId });
  expect(await second.next()).toMatchObject({ data: { resumed: true } });
  expect(await second.next()).toMatchObject({ event: 'gap', data: { reason: 'dropped', missed: 2 } });
  expect(await second.payloads(2)).toEqual(['1', '2']);
});

test('a stream outlives the broker where its session is stored, and says what may be missing', async () => {
  const persistence = memoryStore();
  const host = await bridgedServer({}, { persistence });
  const first = await host.events('filter=a');
  await host.broker.publish('a', '1', { qos: 1 });
  await first.payloads(1);
  await expect.poll(() => [...host.broker.sessions()][0]?.inflight).toBe(0);
  await host.stop();
  const again = await bridgedServer({}, { persistence });
  await again.broker.publish('a', '2', { qos: 1 });
  const second = await again.events('filter=a', { 'last-event-id': first.lastEventId });
  expect(await second.next()).toMatchObject({ event: 'ready', data: { resumed: true } });
  expect(await second.next()).toMatchObject({ event: 'gap', data: { reason: 'restarted', missed: null } });
  expect(await second.payloads(1)).toEqual(['2']);
  expect(second.lastEventId).toBe(first.lastEventId.replace('.1', '.2'));
});

test('a reader who does not read stalls nobody, and loses nothing of QoS 1', async () => {
  const host = await bridgedServer({ limits: { stallTimeout: 3_600_000 } });
  const slow = await host.events('filter=a');
  slow.response.pause();
  const quick = await host.events('filter=a');
  const payload = 'x'.repeat(100_000);
  const count = 200;
  for (let n = 0; n < count; n++) await host.broker.publish('a', `${n} ${payload}`, { qos: 1 });
  const numbers = (payloads: unknown[]) => payloads.map((text) => Number(String(text).split(' ')[0]));
  const all = Array.from({ length: count }, (_, n) => n);
  expect(numbers(await quick.payloads(count))).toEqual(all);
  const waiting = [...host.broker.sessions()].map(({ queued }) => queued);
  expect(Math.max(...waiting)).toBeGreaterThan(50);
  slow.response.resume();
  expect(numbers(await slow.payloads(count))).toEqual(all);
  await expect.poll(() => [...host.broker.sessions()].map(({ inflight }) => inflight)).toEqual([0, 0]);
});

test('a reader who takes nothing for too long is cut, and may come back', async () => {
  const limits = { keepAliveInterval: 1000, stallTimeout: 5000, replayBytes: 20_000_000 };
  const host = await bridgedServer({ limits });
  const slow = await host.events('filter=a');
  await slow.next();
  slow.response.pause();
  const payload = 'x'.repeat(500_000);
  for (let n = 0; n < 30; n++) await host.broker.publish('a', `${n} ${payload}`, { qos: 1 });
  await host.clock.advance(7000);
  await readersGone(host);
  const back = await host.events('filter=a', { 'last-event-id': slow.lastEventId });
  const numbers = (await back.payloads(30)).map((text) => Number(String(text).split(' ')[0]));
  expect(numbers).toEqual(Array.from({ length: 30 }, (_, n) => n));
});

test('a quiet stream shows signs of life', async () => {
  const host = await bridgedServer({ limits: { keepAliveInterval: 1000 } });
  const stream = await host.events('filter=a');
  await stream.next();
  await host.clock.advance(1000);
  await stream.until('\n\n:\n\n');
  await host.clock.advance(1000);
  await stream.until(':\n\n:\n\n');
});

test('who may not subscribe to one of the filters gets no stream, and leaves no session', async () => {
  const host = await bridgedServer();
  host.broker.use({
    name: 'rules',
    hooks: { authorizeSubscribe: ({ subscription: { filter } }) => filter !== 'secret' },
  });
  await expect(host.events('filter=a&filter=secret')).rejects.toThrow('401');
  await expect.poll(() => [...host.broker.sessions()]).toEqual([]);
  expect(host.bridge.state.streams).toBe(0);
});

test('who may not have a filter any more is cut off, and told so when coming back', async () => {
  const host = await bridgedServer();
  let isAllowed = true;
  host.broker.use({ name: 'rules', hooks: { authorizeSubscribe: () => isAllowed } });
  const stream = await host.events('filter=a');
  await stream.next();
  isAllowed = false;
  for (const client of host.broker.clients()) await client.invalidate();
  await stream.ended();
  const back = host.events('filter=a', { 'last-event-id': stream.lastEventId });
  await expect(back).rejects.toThrow('401');
});

test('a stream ends with what was granted to its reader', async () => {
  const host = await bridgedServer({
    authenticate: () => ({ identity: 'vera', expiresAt: host.clock.now() + 60_000 }),
  });
  const stream = await host.events('filter=a');
  await stream.next();
  await host.clock.advance(60_001);
  await stream.ended();
});

test('a stream for which nobody waits leaves with its reader', async () => {
  const host = await bridgedServer({ limits: { streamExpiry: 0 } });
  const stream = await host.events('filter=a');
  await stream.next();
  stream.cut();
  await expect.poll(() => [...host.broker.sessions()]).toEqual([]);
  expect(host.bridge.state.streams).toBe(0);
});

test('a stream ends when the host disconnects its client, and the reader may come back', async () => {
  const host = await bridgedServer();
  const stream = await host.events('filter=a');
  await stream.next();
  for (const client of host.broker.clients()) client.disconnect();
  await stream.ended();
  await host.broker.publish('a', '1', { qos: 1 });
  const back = await host.events('filter=a', { 'last-event-id': stream.lastEventId });
  expect(await back.payloads(1)).toEqual(['1']);
});

test('a stream whose client the host disconnects at once does not hang', async () => {
  const host = await bridgedServer();
  host.broker.use({
    name: 'door',
    hooks: {
      subscribed: ({ client }) => host.broker.client(client.id)?.disconnect(),
    },
  });
  const stream = await host.events('filter=a').catch((error: Error) => error);
  if (stream instanceof Error) expect(stream.message).toMatch(/^503/);
  else await stream.ended();
});
