import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Listener, listen, type TcpAddress, type TcpListenOptions } from '../src/index.ts';
import { Arriving, type Doorway, doorway } from './connections.ts';

const host = '127.0.0.1';

async function listening(options: Partial<TcpListenOptions> = {}) {
  const door = doorway();
  const listener = await listen({ port: 0, host, onRefused: door.onRefused, ...options }, door.accept);
  onTestFinished(() => listener.close());
  return { door, listener };
}

async function connected(listener: Listener<TcpAddress>): Promise<Socket> {
  const client = connect(listener.address.port, listener.address.host);
  onTestFinished(() => {
    client.destroy();
  });
  await once(client, 'connect');
  return client;
}

test('a listener tells its true port and bears it in its name', async () => {
  const { listener } = await listening();
  expect(listener.address).toEqual({ host, port: expect.any(Number), family: 'IPv4' });
  expect(listener.address.port).toBeGreaterThan(0);
  expect(listener.name).toBe(`tcp://127.0.0.1:${listener.address.port}`);
});

test('an IPv6 address stands in brackets in the name', async () => {
  const { listener } = await listening({ host: '::1' });
  expect(listener.name).toBe(`tcp://[::1]:${listener.address.port}`);
});

test('a connection is handed over with what is known of its peer', async () => {
  const { door, listener } = await listening();
  const client = await connected(listener);
  const { remote } = await door.accepted.next();
  expect(remote).toEqual({
    transport: 'tcp',
    listener: listener.name,
    encrypted: false,
    address: host,
    family: 'IPv4',
    port: client.localPort,
  });
});

test('an IPv4 peer of a listener on all interfaces has an IPv4 address', async () => {
  const door = doorway();
  const listener = await listen({ port: 0 }, door.accept);
  onTestFinished(() => listener.close());
  const client = connect(listener.address.port, host);
  expect((await door.accepted.next()).remote).toMatchObject({ address: host, family: 'IPv4' });
  client.destroy();
});

test('connections are counted until they are gone', async () => {
  const { door, listener } = await listening();
  await connected(listener);
  const connection = await door.accepted.next();
  expect(listener.connections).toBe(1);
  expect(listener.handshakes).toBe(0);
  connection.channel.destroy();
  await connection.ends.next();
  expect(listener.connections).toBe(0);
});

test('close stops listening and leaves the connections that were handed over alone', async () => {
  const { door, listener } = await listening();
  const client = await connected(listener);
  const connection = await door.accepted.next();
  await listener.close();
  await listener.close();
  await expect(connected(listener)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  client.write('still here');
  expect(await connection.text(10)).toBe('still here');
  connection.channel.destroy();
});

test('a port is free again after close', async () => {
  const { listener } = await listening();
  await listener.close();
  const again = await listening({ port: listener.address.port });
  expect(again.listener.address.port).toBe(listener.address.port);
});

test('a port in use is an error that says so', async () => {
  const { listener } = await listening();
  await expect(listening({ port: listener.address.port })).rejects.toMatchObject({
    code: 'LISTENER_ADDRESS_IN_USE',
    message: expect.stringContaining(`${host}:${listener.address.port}`),
    cause: { code: 'EADDRINUSE' },
  });
});

test('an address this machine does not have is an error that says so', async () => {
  await expect(listening({ host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'LISTENER_ADDRESS_UNAVAILABLE',
    cause: { code: 'EADDRNOTAVAIL' },
  });
});

test('an accept function that throws costs its connection and is reported', async () => {
  const errors = new Arriving<Error>();
  const listener = await listen({ port: 0, host, onError: errors.push }, () => {
    throw new Error('not today');
  });
  onTestFinished(() => listener.close());
  const client = await connected(listener);
  expect(await errors.next()).toMatchObject({
    code: 'LISTENER_ACCEPT_FAILED',
    cause: { message: 'not today' },
  });
  client.resume();
  await once(client, 'close');
});

test('nobody is refused on a plain listener', async () => {
  const { door, listener } = await listening({ maxHandshakes: 1 });
  for (let i = 0; i < 5; i++) await connected(listener);
  await expectAccepted(door, 5);
  expect(door.refused.left).toBe(0);
});

async function expectAccepted(door: Doorway, count: number): Promise<void> {
  for (let i = 0; i < count; i++) expect((await door.accepted.next()).remote.transport).toBe('tcp');
}
