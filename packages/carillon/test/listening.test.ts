import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '@carillon/test-certificates';
import { type CarillonBroker, createBroker, memoryStore } from 'carillon';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { connectTo, echo, nextMessage } from './mqtt-client.ts';

const host = '127.0.0.1';
let broker: CarillonBroker;

beforeEach(() => {
  broker = createBroker();
  onTestFinished(() => broker.close({ within: 0 }));
});

function remoteOfOnlyClient() {
  const [client] = broker.clients();
  return client?.remote;
}

test('clients come over TCP', async () => {
  const { address, name } = await broker.listen({ port: 0, host });
  const client = await connectTo(`mqtt://${host}:${address.port}`);
  expect(await echo(client, 'over TCP')).toBe('over TCP');
  expect(remoteOfOnlyClient()).toMatchObject({
    transport: 'tcp',
    address: host,
    family: 'IPv4',
    encrypted: false,
    listener: name,
  });
});

test('clients come over TLS', async () => {
  const authority = await Authority.create();
  const { address } = await broker.listen({ port: 0, host, tls: await authority.server('localhost') });
  const client = await connectTo(`mqtts://localhost:${address.port}`, { ca: authority.cert });
  expect(await echo(client, 'over TLS')).toBe('over TLS');
  expect(remoteOfOnlyClient()).toMatchObject({ transport: 'tls', encrypted: true, serverName: 'localhost' });
});

test('clients come over WebSocket', async () => {
  const { address } = await broker.listen({ port: 0, host, websocket: { path: '/mqtt' } });
  const client = await connectTo(`ws://${host}:${address.port}/mqtt`);
  expect(await echo(client, 'over WebSocket')).toBe('over WebSocket');
  expect(remoteOfOnlyClient()).toMatchObject({ transport: 'ws', request: { url: '/mqtt' } });
});

test('clients come over WebSocket and TLS', async () => {
  const authority = await Authority.create();
  const { address } = await broker.listen({
    port: 0,
    host,
    tls: await authority.server('localhost'),
    websocket: true,
  });
  const client = await connectTo(`wss://localhost:${address.port}/any`, { ca: authority.cert });
  expect(await echo(client, 'over both')).toBe('over both');
  expect(remoteOfOnlyClient()).toMatchObject({ transport: 'wss', encrypted: true });
});

test('clients come through a Unix socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { address } = await broker.listen({ path: join(folder, 'mqtt.sock') });
  const client = await connectTo(`mqtt+unix://${address.path}`);
  expect(await echo(client, 'through a file')).toBe('through a file');
  expect(remoteOfOnlyClient()).toMatchObject({ transport: 'unix', encrypted: false });
});

test('clients of all listeners meet', async () => {
  const tcp = await broker.listen({ port: 0, host });
  const web = await broker.listen({ port: 0, host, websocket: true });
  const sensor = await connectTo(`mqtt://${host}:${tcp.address.port}`, { protocolVersion: 4 });
  const browser = await connectTo(`ws://${host}:${web.address.port}`);
  await browser.subscribeAsync('rooms/#');
  const arrived = nextMessage(browser);
  await sensor.publishAsync('rooms/12', '20.1', { qos: 1 });
  expect(await arrived).toBe('20.1');
});

test('a listener that is closed by itself leaves its clients and the other listeners alone', async () => {
  const first = await broker.listen({ port: 0, host });
  const second = await broker.listen({ port: 0, host });
  const early = await connectTo(`mqtt://${host}:${first.address.port}`);
  await first.close();
  await connectTo(`mqtt://${host}:${second.address.port}`);
  expect(await echo(early, 'still here')).toBe('still here');
  await expect(connectTo(`mqtt://${host}:${first.address.port}`)).rejects.toThrow('ECONNREFUSED');
});

test('a port in use is told with a stable code', async () => {
  const { address } = await broker.listen({ port: 0, host });
  await expect(broker.listen({ port: address.port, host })).rejects.toMatchObject({
    code: 'LISTENER_ADDRESS_IN_USE',
    message: expect.stringContaining(`127.0.0.1:${address.port}`),
  });
});

test('a store that cannot be opened keeps the broker from listening', async () => {
  const store = Object.assign(memoryStore(), { open: () => Promise.reject(new Error('the disk is gone')) });
  await using broken = createBroker({ persistence: store });
  await expect(broken.listen({ port: 0, host })).rejects.toThrow('the disk is gone');
});
