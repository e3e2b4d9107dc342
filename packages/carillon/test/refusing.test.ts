import { once } from 'node:events';
import { connect } from 'node:net';
import { Authority } from '@carillon/test-certificates';
import { recordingLogger } from '@carillon/testkit';
import { createBroker, type RefusedEvent } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

const host = '127.0.0.1';

/** A broker, and the next refusal that its hook is told. */
function watchedBroker() {
  const logger = recordingLogger();
  const broker = createBroker({ logger });
  onTestFinished(() => broker.close({ within: 0 }));
  const refusal = new Promise<RefusedEvent>((resolve) => {
    broker.use({ name: 'watch', hooks: { refused: (event) => resolve(event) } });
  });
  return { broker, logger, refusal };
}

test('a web page of a foreign origin is turned away, logged, counted and told to the hook', async () => {
  const { broker, logger, refusal } = watchedBroker();
  const { address, name } = await broker.listen({ port: 0, host, websocket: true });
  const page = new WebSocket(`ws://${host}:${address.port}`, 'mqtt', { origin: 'https://evil.example' });
  page.on('error', () => {});
  const event = await refusal;
  expect(event).toMatchObject({
    what: 'connection',
    reasonCode: 0x87,
    by: 'listener:WEBSOCKET_ORIGIN_REFUSED',
    remote: { transport: 'ws', listener: name, address: host, encrypted: false },
  });
  expect(logger.messages('info')).toContain(event.reason);
  expect(broker.counters().connectionsRefused).toBe(1);
});

test('a failed TLS handshake is told', async () => {
  const { broker, refusal } = watchedBroker();
  const tls = await (await Authority.create()).server('localhost');
  const { address } = await broker.listen({ port: 0, host, tls });
  const client = connect(address.port, host);
  client.on('error', () => {});
  await once(client, 'connect');
  client.write('this is no TLS');
  expect(await refusal).toMatchObject({
    reasonCode: 0x80,
    by: 'listener:TLS_HANDSHAKE_FAILED',
    remote: { transport: 'tls', encrypted: true },
  });
});

test('a PROXY header from somebody who is not trusted is told', async () => {
  const { broker, refusal } = watchedBroker();
  const { address } = await broker.listen({ port: 0, host, proxyProtocol: { trusted: ['192.0.2.0/24'] } });
  const client = connect(address.port, host);
  client.on('error', () => {});
  client.write('PROXY TCP4 203.0.113.5 127.0.0.1 4711 1883\r\n');
  expect(await refusal).toMatchObject({ reasonCode: 0x87, by: 'listener:PROXY_HEADER_UNTRUSTED' });
});

test('whoever listens is told as well as the broker', async () => {
  const { broker, refusal } = watchedBroker();
  const told: string[] = [];
  const { address } = await broker.listen({
    port: 0,
    host,
    websocket: { path: '/mqtt' },
    onRefused: ({ code }) => told.push(code),
  });
  const lost = new WebSocket(`ws://${host}:${address.port}/elsewhere`, 'mqtt');
  lost.on('error', () => {});
  expect(await refusal).toMatchObject({ by: 'listener:WEBSOCKET_PATH_UNKNOWN' });
  expect(told).toEqual(['WEBSOCKET_PATH_UNKNOWN']);
});
