import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether there is a mosquitto to ask. */
export const hasMosquitto = spawnSync('mosquitto', ['-h']).error === undefined;

/** A running mosquitto with an ACL file, where everybody may connect under any name. */
export class RealMosquitto {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  static async start(acl: string): Promise<RealMosquitto> {
    const folder = mkdtempSync(join(tmpdir(), 'carillon-acl-'));
    const port = await freePort();
    writeFileSync(join(folder, 'acl'), acl, { mode: 0o644 });
    const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', `acl_file ${join(folder, 'acl')}`];
    writeFileSync(join(folder, 'conf'), [...lines, 'user root', 'persistence false', ''].join('\n'));
    const child = spawn('mosquitto', ['-c', join(folder, 'conf')], { stdio: 'ignore' });
    const mosquitto = new RealMosquitto(port, child, folder);
    await mosquitto.#untilItListens();
    return mosquitto;
  }

  async #untilItListens(): Promise<void> {
    while (!(await answers(this.port))) {
      if (this.#process.exitCode !== null) throw new Error('mosquitto ended at once');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
