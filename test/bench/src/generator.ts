import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './load/main.ts';
import type { LoadPlan, LoadResult, ReadMemory } from './load/plan.ts';
import { ending } from './targets/ending.ts';
import { onGeneratorCore } from './targets/pinning.ts';

/** A process that makes load. */
export interface Generator {
  /** Connects everybody who is there from the beginning. */
  prepare(plan: LoadPlan): Promise<void>;
  run(): Promise<LoadResult>;
  stop(): Promise<void>;
}

/**
 * @param index Several of them are spread over the cores that are not the broker's.
 * @param readMemory Reads what the broker has in memory, for loads that ask for it.
 */
export function startGenerator(index: number, readMemory: ReadMemory): Generator {
  const script = fileURLToPath(new URL('../dist/load/main.js', import.meta.url));
  const [file, ...args] = onGeneratorCore([process.execPath, script], index);
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const end = ending(child);

  async function hear(): Promise<Report> {
    const [report]: Report[] = await Promise.race([once(child, 'message'), end.unexpected]);
    if (report === undefined) throw new Error('the generator said nothing');
    return report;
  }

  async function carryOut(order: Order): Promise<Report> {
    child.send(order);
    for (;;) {
      const report = await hear();
      if (report.is === 'failed') throw new Error(report.why);
      if (report.is !== 'asking for memory') return report;
      const answer: Order = { do: 'note memory', bytes: await readMemory(report.how) };
      child.send(answer);
    }
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
