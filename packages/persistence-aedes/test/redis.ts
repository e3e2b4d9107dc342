import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import aedesPersistenceRedis from 'aedes-persistence-redis';
import { onTestFinished } from 'vitest';
import { type TestBackend, temporaryFolder } from './backends.ts';

export const redisIsInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** A server of its own, with nothing in it, for the test that asks. */
export async function redisPort(): Promise<number> {
  const port = await freePort();
  const folder = await temporaryFolder();
  const flags = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(async () => {
    const exited = once(server, 'exit');
    server.kill();
    await exited;
  });
  await says(server, 'Ready to accept connections');
  return port;
}

export const redisBackend: TestBackend = {
  name: 'aedes-persistence-redis',
  place: async () => {
    const port = await redisPort();
    let instance: ReturnType<typeof aedesPersistenceRedis> | undefined;
    return {
      instance: () => {
        instance = aedesPersistenceRedis({ host: '127.0.0.1', port });
        return instance;
      },
      // The connection goes with the process.
      crash: async () => instance?.destroy(),
      options: { logger: { warn: () => {} } },
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
