import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BrokerSetup, Listening } from '../brokers/setup.ts';
import { ending } from './ending.ts';
import { onBrokerCore } from './pinning.ts';
import type { RunningBroker } from './target.ts';

/** Starts a broker of `brokers/`, as it was built. */
export async function startNodeBroker(name: string, setup: BrokerSetup): Promise<RunningBroker> {
  const script = fileURLToPath(new URL(`../../dist/brokers/${name}.js`, import.meta.url));
  // Without --expose-gc memory would be read at any point between two collections.
  const [file, ...args] = onBrokerCore([process.execPath, '--expose-gc', script, JSON.stringify(setup)]);
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const end = ending(child);
  const [first] = await Promise.race([once(child, 'message'), end.unexpected]);
  const { port }: Listening = first;
  return {
    pid: child.pid ?? 0,
    port,
    collectGarbage: async () => {
      child.send('collect');
      await Promise.race([once(child, 'message'), end.unexpected]);
    },
    get death() {
      return end.death;
    },
    stop: end.stop,
  };
}
