import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { within } from './time-limit.ts';

/** How a program ended. */
export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A foreign program while it runs. It is killed at the end of the block that holds it, or with this process. */
export class Program implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #killWithUs: () => void;
  #stderr = '';

  /**
   * @param onLine Told each line of the standard output.
   * @param onErrorLine Told each line of the standard error.
   */
  constructor(
    program: string,
    args: readonly string[],
    onLine: (line: string) => void,
    onErrorLine: (line: string) => void = () => {},
  ) {
    this.#name = program;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    // Fails when there is no such program.
    this.#ended = once(child, 'close');
    this.#ended.catch(() => {});
    // A program that is gone does not read what is written to it; its ending tells what happened.
    child.stdin.on('error', () => {});
    readLines(child.stdout, onLine);
    readLines(child.stderr, (line) => {
      this.#stderr += `${line}\n`;
      onErrorLine(line);
    });
    this.#killWithUs = () => child.kill('SIGKILL');
    process.once('exit', this.#killWithUs);
  }

  /** All it has said on its standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  write(text: string | Uint8Array): void {
    this.#child.stdin?.write(text);
  }

  /** The end of its standard input. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code, when it has ended and all its output is read; `null` when a signal ended it. */
  async ended(): Promise<number | null> {
    await within(`${this.#name} to end`, this.#ended);
    process.off('exit', this.#killWithUs);
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<Ending> {
  const lines: string[] = [];
  await using running = new Program(program, args, (line) => lines.push(line));
  if (input !== undefined) running.write(input);
  running.endInput();
  const code = await running.ended();
  return { code, stdout: lines.join('\n'), stderr: running.stderr };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}
