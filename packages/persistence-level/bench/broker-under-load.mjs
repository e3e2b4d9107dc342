import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('broker-process.mjs', import.meta.url));

/** A broker in a process of its own, on a folder. */
export class BrokerUnderLoad {
  #child;
  port = 0;
  /** Milliseconds until it listened. */
  startedIn = 0;

  /** @param flushTakes Milliseconds that a flush of its disk takes more than it does; 0 for the disk as it is. */
  static async start(location, durability, { execArgv = [], flushTakes = 0 } = {}) {
    const broker = new BrokerUnderLoad();
    broker.#child = fork(script, [location, durability, String(flushTakes)], {
      execArgv,
      stdio: ['ignore', process.env.BENCH_LOG ? 'inherit' : 'ignore', 'inherit', 'ipc'],
    });
    const [{ port, startedIn }] = await once(broker.#child, 'message');
    broker.port = port;
    broker.startedIn = startedIn;
    return broker;
  }

  /** Resident bytes, and seconds of CPU time since its start. */
  async usage() {
    this.#child.send('usage');
    const [usage] = await once(this.#child, 'message');
    return usage;
  }

  async stop() {
    this.#child.send('stop');
    await once(this.#child, 'exit');
  }
}
