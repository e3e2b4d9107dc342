import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerSetup } from '../brokers/setup.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { ending } from './ending.ts';
import { onBrokerCore, tiedToParent } from './pinning.ts';
import type { RunningBroker, Target } from './target.ts';

/** Debian puts it where only root's path leads. */
const command = ['mosquitto', '/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'].find(
  (path) => spawnSync(path, ['-h'], { stdio: 'ignore' }).error === undefined,
);

export const mosquitto: Target = {
  name: 'mosquitto',
  title: 'Mosquitto',
  features: new Set([
    'version5',
    'wildcards',
    'retained',
    'sessions',
    'aliases',
    'tls',
    'websocket',
    'bridge',
  ]),
  version: () => {
    if (command === undefined) return undefined;
    return /version (\S+)/.exec(spawnSync(command, ['-h'], { encoding: 'utf8' }).stdout)?.[1];
  },
  start: startMosquitto,
};

async function startMosquitto(setup: BrokerSetup): Promise<RunningBroker> {
  if (command === undefined) throw new Error('mosquitto is not installed');
  const folder = temporaryFolder();
  const port = await freePort();
  const file = join(folder.path, 'mosquitto.conf');
  writeFileSync(file, configuration(setup, port, folder.path));
  const [program, ...args] = tiedToParent(onBrokerCore([command, '-c', file]));
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const end = ending(child);
  const stop = async (): Promise<void> => {
    await end.stop();
    folder.remove();
  };
  try {
    await Promise.race([accepting(port), end.unexpected]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    port,
    collectGarbage: async () => {},
    get death() {
      return end.death;
    },
    stop,
  };
}

/** Out of the box it drops what a window holds: its limits are lifted as those of the others are. */
function configuration(
  { over, identity, bridge, defaultLimits }: BrokerSetup,
  port: number,
  folder: string,
): string {
  const lifted = ['max_inflight_messages 1000', 'max_queued_messages 0', 'max_queued_bytes 0'];
  const lines = [
    // Started by root it would become somebody else, who may not read the key.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    `listener ${port} 127.0.0.1`,
    ...(over === 'websocket' ? ['protocol websockets'] : []),
    ...(over === 'tls' && identity !== undefined
      ? [`certfile ${identity.certificateFile}`, `keyfile ${identity.keyFile}`]
      : []),
    // With nothing but WebSocket it refuses to start.
    ...(over === 'websocket' ? [`listener 0 ${join(folder, 'plain.socket')}`] : []),
    'allow_anonymous true',
    'persistence false',
    'sys_interval 0',
    'set_tcp_nodelay true',
    'log_dest none',
    'max_connections -1',
    ...(defaultLimits === true ? [] : lifted),
    ...(bridge === undefined ? [] : bridgeTo(bridge)),
  ];
  return `${lines.join('\n')}\n`;
}

function bridgeTo({ port, qos }: NonNullable<BrokerSetup['bridge']>): string[] {
  return [
    'connection bench',
    `address 127.0.0.1:${port}`,
    `topic bench/# out ${qos}`,
    'bridge_protocol_version mqttv50',
    'cleansession false',
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}

/** It says nothing when it is ready: asked until it answers. */
async function accepting(port: number): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt++) {
    const isOpen = await new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', () => resolve(false));
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
    if (isOpen) return;
    await pause(20);
  }
  throw new Error('mosquitto does not listen after five seconds');
}
