import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { bridgedServer } from './bridged-server.ts';
import { StoreInHands } from './store-in-hands.ts';

test('when the broker closes, streams end and new requests are sent away', async () => {
  const host = await bridgedServer();
  const stream = await host.events('filter=a');
  await stream.next();
  await host.broker.close();
  await stream.ended();
  expect(host.bridge.state).toEqual({ requests: 0, streams: 0 });
  const answer = await host.fetch('/topics/a', { method: 'POST', body: 'x' });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  await expect(host.events('filter=a')).rejects.toThrow('503');
});

test('a message that waits to be stored when the broker closes is answered', async () => {
  const store = new StoreInHands();
  const host = await bridgedServer({}, { persistence: store });
  store.hold();
  const answer = host.fetch('/topics/a', { method: 'PUT', body: 'x' });
  await expect.poll(() => host.broker.retained('a')).toBeDefined();
  const closed = host.broker.close();
  store.release();
  const { status, headers } = await answer;
  expect([status, headers.get('retry-after')]).toEqual([503, '5']);
  expect(await (await answer).json()).toMatchObject({
    detail: expect.stringContaining('the message may have been taken before'),
    reasonCode: 0x8b,
  });
  await closed;
});

test('a request whose body is still to come when the broker closes is answered', async () => {
  const host = await bridgedServer();
  const socket = connect(host.port, '127.0.0.1');
  socket.write('POST /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n');
  await expect.poll(() => [...host.broker.clients()].length).toBe(1);
  const closed = host.broker.close();
  await host.clock.advance(10_000);
  await closed;
  socket.write('late');
  const [answer]: Buffer[] = await once(socket, 'data');
  expect(answer?.toString()).toMatch(/^HTTP\/1.1 503 /);
  socket.destroy();
});

test('a bridge that is taken away ends its streams and leaves the broker alone', async () => {
  const host = await bridgedServer();
  const broker = host.broker;
  const stream = await host.events('filter=a');
  await stream.next();
  const other = (await import('../src/index.ts')).httpBridge();
  expect(() => broker.use(other)).toThrow(expect.objectContaining({ code: 'PLUGIN_DUPLICATE' }));
  host.bridge.close();
  await stream.ended();
  await broker.publish('a', 'x');
  expect((await host.fetch('/topics/a')).status).toBe(503);
});

test('nothing waits for its time when everything is closed', async () => {
  const host = await bridgedServer();
  const stream = await host.events('filter=a');
  await stream.next();
  await host.fetch('/topics/a', { method: 'POST', body: 'x' });
  stream.cut();
  await host.broker.close();
  expect(host.clock.pending).toBe(0);
});
