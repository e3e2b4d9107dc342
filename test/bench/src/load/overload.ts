import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pause, startInterval } from './interval.ts';
import { prepareTraffic } from './messages.ts';
import type { LoadResult, OverloadPlan, ReadyLoad } from './plan.ts';
import { residentBytesOf } from './process-figures.ts';

/** Messages a second among the well-behaved: little, for they are to be undisturbed when it is quiet. */
const QUIET_RATE = 2000;
const PAIRS = 20;

/** Ordinary clients, first by themselves, then beside bad neighbours. */
export async function prepareOverload(plan: OverloadPlan): Promise<ReadyLoad> {
  const traffic = await prepareTraffic({
    ...plan,
    load: 'messages',
    layout: { kind: 'pairs', pairs: PAIRS },
    pace: { kind: 'rate', perSecond: QUIET_RATE },
    version: 4,
    qos: 0,
    payloadBytes: 64,
  });
  return {
    run: async () => {
      traffic.start();
      await pause(plan.warmSeconds);
      const quietP99 = await p99During(plan.seconds);
      const before = residentBytesOf(plan.brokerPid);
      const neighbours = await startFlood(plan);
      try {
        const finish = startInterval(plan.brokerPid);
        // What is kept for those who hang has to fill up first.
        await pause(plan.warmSeconds);
        const peak = watchMemory(plan.brokerPid);
        const p99 = await p99During(2 * plan.seconds);
        const growth = peak() - before;
        const { generatorShare } = finish();
        const figures = { quietP99, p99, p99Ratio: p99 / quietP99, growth };
        return { figures, faults: traffic.faults, generatorShare } satisfies LoadResult;
      } finally {
        traffic.stop();
        neighbours.kill('SIGKILL');
      }
    },
  };

  async function p99During(seconds: number): Promise<number> {
    traffic.latencies.begin(performance.now());
    await pause(seconds);
    return traffic.latencies.quantile(0.99);
  }
}

async function startFlood({ address }: OverloadPlan): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./flood.js', import.meta.url)));
  child.send(address);
  const [said] = await once(child, 'message');
  if (said === 'flooding') return child;
  child.kill('SIGKILL');
  throw new Error(`the flood did not begin: ${said}`);
}

/** @returns What ends the watch, and says what the most was. */
function watchMemory(pid: number): () => number {
  let most = residentBytesOf(pid);
  const timer = setInterval(() => {
    most = Math.max(most, residentBytesOf(pid));
  }, 50);
  return () => {
    clearInterval(timer);
    return most;
  };
}
