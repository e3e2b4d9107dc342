import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { listen, type UnixListenOptions } from '../src/index.ts';
import { doorway } from './connections.ts';

function freshPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'carillon-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'mqtt.sock');
}

async function listening(path: string, options: Partial<UnixListenOptions> = {}) {
  const door = doorway();
  const listener = await listen({ path, onRefused: door.onRefused, ...options }, door.accept);
  onTestFinished(() => listener.close());
  return { door, listener };
}

/** Leaves a socket file behind, as a process does that is killed. */
async function killedListener(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('bytes go both ways over a Unix socket', async () => {
  const path = freshPath();
  const { door, listener } = await listening(path);
  expect(listener.name).toBe(`unix://${path}`);
  expect(listener.address).toEqual({ path });
  const client = connect(path);
  client.write('ping');
  const connection = await door.accepted.next();
  expect(connection.remote).toEqual({ transport: 'unix', listener: listener.name, encrypted: false });
  expect(await connection.text(4)).toBe('ping');
  connection.channel.write([Buffer.from('pong')]);
  const [chunk] = await once(client, 'data');
  expect(chunk.toString()).toBe('pong');
  client.end();
  expect(await connection.ends.next()).toEqual({});
});

test('the file is removed at close', async () => {
  const path = freshPath();
  const { listener } = await listening(path);
  expect(existsSync(path)).toBe(true);
  await listener.close();
  expect(existsSync(path)).toBe(false);
});

test('the file has the permissions of mode', async () => {
  const path = freshPath();
  await listening(path, { mode: 0o600 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file that a dead process left behind is replaced', async () => {
  const path = freshPath();
  await killedListener(path);
  expect(existsSync(path)).toBe(true);
  const { door } = await listening(path);
  connect(path).end();
  expect((await door.accepted.next()).remote.transport).toBe('unix');
});

test('a socket somebody listens on is an error that says so, and is left alone', async () => {
  const path = freshPath();
  const { door } = await listening(path);
  await expect(listening(path)).rejects.toMatchObject({
    code: 'LISTENER_ADDRESS_IN_USE',
    message: expect.stringContaining(path),
  });
  await door.accepted.next();
  connect(path).end();
  await door.accepted.next();
});

test('a file that is no socket is an error, and is left alone', async () => {
  const path = freshPath();
  writeFileSync(path, 'precious');
  await expect(listening(path)).rejects.toMatchObject({ code: 'LISTENER_PATH_NOT_A_SOCKET' });
  expect(existsSync(path)).toBe(true);
});

test('a directory that does not exist is an error with its cause', async () => {
  await expect(listening(join(freshPath(), 'deeper.sock'))).rejects.toMatchObject({
    code: expect.stringMatching(/^LISTENER_/),
    cause: { code: expect.stringMatching(/^(ENOENT|EACCES)$/) },
  });
});

test('a WebSocket may come over a Unix socket, through a proxy that tells the client', async () => {
  const path = freshPath();
  const { door, listener } = await listening(path, {
    websocket: { path: '/mqtt', trustedProxies: ['unix'] },
  });
  expect(listener.name).toBe(`ws+unix://${path}:/mqtt`);
  const headers = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };
  const client = new WebSocket(listener.name, 'mqtt', { headers });
  await once(client, 'open');
  const { remote } = await door.accepted.next();
  expect(remote).toMatchObject({ transport: 'ws', address: '203.0.113.7', encrypted: true });
  expect(remote.proxyAddress).toBeUndefined();
  client.terminate();
});

test('the PROXY protocol is read from a Unix socket when unix is trusted', async () => {
  const path = freshPath();
  const { door } = await listening(path, { proxyProtocol: { trusted: ['unix'] } });
  const client = connect(path);
  client.write('PROXY TCP4 203.0.113.7 192.0.2.1 4711 1883\r\nping');
  const connection = await door.accepted.next();
  expect(connection.remote).toMatchObject({ transport: 'unix', address: '203.0.113.7', port: 4711 });
  expect(await connection.text(4)).toBe('ping');
  client.end();
});
