import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./broker-process.mjs', import.meta.url));

/** A broker in a process of its own that can be killed at any instant and started again on its folder and port. */
export class KillableBroker {
  readonly #location: string;
  readonly #durability: string;
  readonly #bridgeTo: number;
  #process: ChildProcess | undefined = undefined;
  #port = 0;

  /** @param bridgeTo A port to which it has a bridge for everything of the traffic, both ways. */
  constructor(location: string, durability: 'written' | 'synced', bridgeTo = 0) {
    this.#location = location;
    this.#durability = durability;
    this.#bridgeTo = bridgeTo;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const words = [this.#location, this.#durability, String(this.#port), String(this.#bridgeTo)];
    const child = spawn(process.execPath, [script, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    const lines = createInterface({ input: child.stdout });
    const [line] = await Promise.race([
      once(lines, 'line'),
      once(child, 'exit').then(([code]) => {
        throw new Error(
          `the broker did not start: exit code ${code}; is everything built (npm test builds)?`,
        );
      }),
    ]);
    const { port } = JSON.parse(String(line)) as { port: number };
    this.#port = port;
  }

  /** kill -9: the process gets no chance to do anything. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}
