import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { folderWith } from './temporary-folder.ts';

const command = fileURLToPath(new URL('../bin/carillon.js', import.meta.url));
const built = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** How a process ended, and what it said. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One line of the log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
}

/** The `carillon` command in a process of its own; it does not outlive the test. */
export class CarillonProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #stderr = '';
  #watchers: (() => void)[] = [];
  /** Settles when the process has ended. */
  readonly ended: Promise<Ending>;

  /** @param cwd Where it runs, and keeps its data when it is not told where: a folder of its own by default. */
  constructor(args: readonly string[], cwd: string = folderWith({})) {
    if (!existsSync(built)) throw new Error('these tests run the build: `pnpm build` makes it');
    this.#child = spawn(process.execPath, [command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd,
    });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('the process has no output');
    createInterface(stdout).on('line', (line) => this.#said(line));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        resolve({
          code,
          signal,
          stdout: this.#lines.map((line) => `${line}\n`).join(''),
          stderr: this.#stderr,
        });
      });
    });
    onTestFinished(async () => {
      this.#child.kill('SIGKILL');
      await this.ended;
    });
  }

  /** What was logged so far. */
  get log(): readonly LogLine[] {
    return this.#lines.map((line): LogLine => JSON.parse(line));
  }

  /** The messages logged so far. */
  get messages(): readonly string[] {
    return this.log.map(({ msg }) => msg);
  }

  /** Waits until a message matches; fails when the process ends before. */
  async says(pattern: RegExp): Promise<string> {
    let over: Ending | undefined;
    void this.ended.then((ending) => {
      over = ending;
      this.#wake();
    });
    for (;;) {
      const said = this.messages.find((message) => pattern.test(message));
      if (said !== undefined) return said;
      if (over !== undefined) throw new Error(`it ended with ${over.code}: ${over.stdout}${over.stderr}`);
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  /** Waits until it is ready; returns the ports it listens on, in the order of the command line. */
  async ready(): Promise<readonly number[]> {
    await this.says(/is ready/);
    return this.messages.flatMap((message) => {
      const port = /^listening on .*:(\d+)/.exec(message)?.[1];
      return port === undefined ? [] : [Number(port)];
    });
  }

  /** Closes its standard output once something of it has come, as `head` does. */
  stopReading(): void {
    const { stdout } = this.#child;
    stdout?.once('data', () => stdout.destroy());
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  #said(line: string): void {
    this.#lines.push(line);
    this.#wake();
  }

  #wake(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const wake of watchers) wake();
  }
}

/** Runs the command to its end. */
export function carillon(...args: string[]): Promise<Ending> {
  return new CarillonProcess(args).ended;
}
