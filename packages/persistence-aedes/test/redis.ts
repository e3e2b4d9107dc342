import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import aedesPersistenceRedis from 'aedes-persistence-redis';
import { afterAll, onTestFinished } from 'vitest';
import { silent, type TestBackend } from './backends.ts';

export const redisIsInstalled = spawnSync('redis-server', ['--version']).status === 0;

interface RedisServer {
  readonly port: number;
  stop(): Promise<void>;
}

const databases = 4096;

async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'carillon-redis-'));
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder, databases };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  await says(server, 'Ready to accept connections');
  return {
    port,
    async stop() {
      const exited = once(server, 'exit');
      server.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A server of its own, with nothing in it, for the test that asks. */
export async function redisPort(): Promise<number> {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  return server.port;
}

let shared: Promise<RedisServer> | undefined;
let lastDatabase = -1;
afterAll(async () => (await shared)?.stop());

/** Each place is a database of its own, on one server for all tests of a file. */
export const redisBackend: TestBackend = {
  name: 'aedes-persistence-redis',
  place: async () => {
    shared ??= startRedis();
    const { port } = await shared;
    lastDatabase++;
    const options = { host: '127.0.0.1', port, db: lastDatabase };
    let instance: ReturnType<typeof aedesPersistenceRedis> | undefined;
    return {
      instance: () => {
        instance = aedesPersistenceRedis({ ...options });
        return instance;
      },
      // The connection goes with the process.
      crash: async () => instance?.destroy(),
      options: silent,
    };
  },
};

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const closed = once(probe, 'close');
  probe.close();
  await closed;
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}

async function says(server: ChildProcess, text: string): Promise<void> {
  let said = '';
  for await (const chunk of server.stdout ?? []) {
    said += String(chunk);
    if (said.includes(text)) return;
  }
  throw new Error(`redis-server ended: ${said}`);
}
