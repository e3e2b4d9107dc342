import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '@carillon/test-certificates';
import { host } from './broker.ts';
import type { Tool } from './installed.ts';
import { Program } from './program.ts';
import { within } from './time-limit.ts';

export const mosquittoServer: Tool = {
  name: 'mosquitto',
  debianPackage: 'mosquitto',
  probe: ['sh', '-c', 'PATH="$PATH:/usr/sbin" command -v mosquitto'],
};

/** With its queue in use, Mosquitto 2.0.11 lets new messages overtake those that wait: as much in flight as there is. */
export const inOrder: readonly string[] = ['max_inflight_messages 1000'];
/** It writes everything down after each change: what kill -9 costs is then little. */
export const savingEachChange: readonly string[] = ['autosave_on_changes true', 'autosave_interval 1'];

type Entrance = 'open' | 'password' | 'certificate' | 'websocket' | 'secureWebsocket';

/** A Mosquitto of its own process, on free ports, with a folder for what it keeps. */
export class MosquittoBroker implements AsyncDisposable {
  readonly ports: Readonly<Record<Entrance, number>>;
  readonly authority: Authority;
  readonly #folder: string;
  #program: Program | undefined = undefined;

  private constructor(folder: string, authority: Authority, ports: Record<Entrance, number>) {
    this.#folder = folder;
    this.authority = authority;
    this.ports = ports;
  }

  /** @param more Lines of its configuration, for all its listeners. */
  static async open(more: readonly string[] = []): Promise<MosquittoBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'carillon-mosquitto-'));
    const authority = await Authority.create();
    const ports = {
      open: await freePort(),
      password: await freePort(),
      certificate: await freePort(),
      websocket: await freePort(),
      secureWebsocket: await freePort(),
    };
    const broker = new MosquittoBroker(folder, authority, ports);
    await broker.#writeConfiguration(more);
    await broker.start();
    return broker;
  }

  async start(): Promise<void> {
    await within(
      'Mosquitto to run',
      new Promise<void>((resolve) => {
        const heed = (line: string): void => {
          if (/mosquitto version .* running/.test(line)) resolve();
        };
        this.#program = new Program('/usr/sbin/mosquitto', ['-c', join(this.#folder, 'm.conf')], heed, heed);
      }),
    );
  }

  /** Ends it in order: it keeps its sessions. */
  async stop(): Promise<void> {
    this.#program?.signal('SIGTERM');
    await this.#program?.ended();
  }

  /** kill -9: what it has not saved is gone, though it may have acknowledged it. */
  async kill(): Promise<void> {
    this.#program?.signal('SIGKILL');
    await this.#program?.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #writeConfiguration(more: readonly string[]): Promise<void> {
    const file = (name: string): string => join(this.#folder, name);
    const identity = await this.authority.server(host);
    await writeFile(file('ca.pem'), this.authority.cert);
    await writeFile(file('cert.pem'), identity.cert);
    await writeFile(file('key.pem'), identity.key);
    await writeFile(file('users'), 'ann:right\n');
    spawnSync('mosquitto_passwd', ['-U', file('users')]);
    const { open, password, certificate, websocket, secureWebsocket } = this.ports;
    const certified = [
      ...[`cafile ${file('ca.pem')}`, `certfile ${file('cert.pem')}`, `keyfile ${file('key.pem')}`],
      ...['require_certificate true', 'use_identity_as_username true'],
    ];
    const lines = [
      'per_listener_settings true',
      'persistence true',
      `persistence_location ${this.#folder}/`,
      ...more,
      'max_queued_messages 100000',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...['log_dest stderr', 'log_type information', 'log_type notice', 'log_type error'],
      ...[`listener ${open} ${host}`, 'allow_anonymous true'],
      ...[`listener ${password} ${host}`, 'allow_anonymous false', `password_file ${file('users')}`],
      ...[`listener ${websocket} ${host}`, 'protocol websockets', 'allow_anonymous true'],
      ...[`listener ${certificate} ${host}`, ...certified],
      ...[`listener ${secureWebsocket} ${host}`, 'protocol websockets', ...certified],
    ];
    await writeFile(file('m.conf'), `${lines.join('\n')}\n`);
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(),
      );
    });
  });
}
