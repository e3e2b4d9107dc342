import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BridgeOptions } from '@carillon/bridge-mqtt';

const script = fileURLToPath(new URL('./broker-process.mjs', import.meta.url));

/** What the process says: where it listens, or what has become of a bridge. */
type News = { readonly port: number } | { readonly bridge: string; readonly change: string };

/** To be added or changed; or removed or waited for by name, until nothing of it is under way out. */
export type BridgeOrder =
  | { readonly add: BridgeOptions }
  | { readonly change: BridgeOptions }
  | { readonly remove: string }
  | { readonly settle: string };

/** The bridges of a broker in a process of its own. */
export interface Bridges {
  /** Names it among those that are joined. */
  readonly brokerId: string;
  readonly bridges: readonly BridgeOptions[];
}

/** A webhook of a broker in a process of its own: all traffic goes to the URL. */
export interface CrashWebhook {
  readonly webhookUrl: string;
}

/** A broker in a process of its own that can be killed at any instant and started again on its folder and port. */
export class KillableBroker implements AsyncDisposable {
  readonly #location: string;
  readonly #durability: string;
  readonly #joined: Bridges | CrashWebhook | undefined;
  readonly #news = new Map<string, string>();
  #heard: (() => void)[] = [];
  #process: ChildProcess | undefined = undefined;
  #port = 0;

  /**
   * @param joined With these bridges, or this webhook, it starts, each time; `order` changes bridges of the process that
   * runs.
   */
  constructor(location: string, durability: 'written' | 'synced', joined?: Bridges | CrashWebhook) {
    this.#location = location;
    this.#durability = durability;
    this.#joined = joined;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const options = {
      location: this.#location,
      durability: this.#durability,
      port: this.#port,
      ...this.#joined,
    };
    const child = spawn(process.execPath, [script, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    // What is ordered of a process that is gone is done by none.
    child.stdin.on('error', () => {});
    this.#process = child;
    this.#news.clear();
    const died = once(child, 'exit').then(([code]) => {
      throw new Error(`the broker did not start: exit code ${code}; is everything built (npm test builds)?`);
    });
    const listening = new Promise<number>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const news: News = JSON.parse(line);
        if ('port' in news) resolve(news.port);
        else this.#hear(news.bridge, news.change);
      });
    });
    this.#port = await Promise.race([listening, died]);
  }

  /** Tells the process; `until` waits until it is done. */
  order(what: BridgeOrder): void {
    this.#process?.stdin?.write(`${JSON.stringify(what)}\n`);
  }

  /** Until the last that was said of the bridge is this; at once when it is. */
  async until(bridge: string, change: 'connected' | 'removed' | 'settled'): Promise<void> {
    while (this.#news.get(bridge) !== change) {
      await new Promise<void>((resolve) => {
        this.#heard.push(resolve);
      });
    }
  }

  /** kill -9: the process gets no chance to do anything. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #hear(bridge: string, change: string): void {
    this.#news.set(bridge, change);
    const heard = this.#heard;
    this.#heard = [];
    for (const look of heard) look();
  }
}
