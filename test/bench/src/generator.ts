import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './load/main.ts';
import type { LoadPlan, LoadResult } from './load/plan.ts';
import { ending } from './targets/ending.ts';
import { onGeneratorCore } from './targets/pinning.ts';

/** A process that makes load. */
export interface Generator {
  /** Connects everybody and subscribes. */
  prepare(plan: LoadPlan): Promise<void>;
  run(): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** @param index Several of them are spread over the cores that are not the broker's. */
export function startGenerator(index = 0): Generator {
  const script = fileURLToPath(new URL('../dist/load/main.js', import.meta.url));
  const [file, ...args] = onGeneratorCore([process.execPath, script], index);
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const end = ending(child);

  async function carryOut(order: Order): Promise<Report> {
    child.send(order);
    const [report]: Report[] = await Promise.race([once(child, 'message'), end.unexpected]);
    if (report === undefined) throw new Error('the generator said nothing');
    if (report.is === 'failed') throw new Error(report.why);
    return report;
  }

  return {
    prepare: async (plan) => {
      await carryOut({ do: 'prepare', plan });
    },
    run: async () => {
      const report = await carryOut({ do: 'run' });
      if (report.is !== 'result') throw new Error('the generator brought no result');
      return report.result;
    },
    stop: end.stop,
  };
}
