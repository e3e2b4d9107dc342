import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerSetup } from './brokers/setup.ts';
import { type Generator, startGenerator } from './generator.ts';
import { certificateOf, makeIdentity } from './identity.ts';
import type { LoadPlan, LoadResult, MemoryReading } from './load/plan.ts';
import { residentBytesOf } from './load/process-figures.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { merged, shared } from './shares.ts';
import { startJoined } from './targets/joined.ts';
import type { RunningBroker, Target } from './targets/target.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** How long one measurement takes. */
export interface Timing {
  readonly warmSeconds: number;
  readonly seconds: number;
}

/** However slow a broker is: what takes longer than this has come to a halt. */
const PATIENCE_SECONDS = 180;

/**
 * Runs one scenario once on one target, in fresh processes and a fresh folder, which are gone afterwards whatever
 * happens.
 *
 * @param saturation Messages a second at which the scenario's measure of load was saturated.
 */
export async function measure(
  scenario: Scenario,
  target: Target,
  timing: Timing,
  saturation: number,
): Promise<LoadResult> {
  const folder = temporaryFolder();
  try {
    const setup = setupFor(scenario, folder.path);
    const { bridged } = scenario;
    const broker =
      bridged === undefined ? await target.start(setup) : await startJoined(target, setup, bridged);
    try {
      const access = ({ pid, port }: RunningBroker) => ({
        address: { port, over: setup.over, ...certificateOf(setup) },
        brokerPid: pid,
      });
      const far = broker.far === undefined ? {} : { far: access(broker.far) };
      const plan = scenario.plan({ ...timing, ...access(broker), ...far }, saturation);
      return await runPlan(plan, broker);
    } finally {
      await broker.stop();
    }
  } finally {
    folder.remove();
  }
}

/** Several generators share a load that can be shared, when there are cores for them. */
async function runPlan(plan: LoadPlan, broker: RunningBroker): Promise<LoadResult> {
  const plans = shared(plan, availableParallelism() - 1);
  const generators = plans.map((_, index) => startGenerator(index, (how) => readMemory(broker, how)));
  try {
    return await Promise.race([runAll(generators, plans), lateness()]);
  } catch (error) {
    throw explained(error, broker);
  } finally {
    await Promise.all(generators.map((generator) => generator.stop()));
  }
}

async function runAll(generators: readonly Generator[], plans: readonly LoadPlan[]): Promise<LoadResult> {
  for (const [index, generator] of generators.entries()) {
    const plan = plans[index];
    if (plan !== undefined) await generator.prepare(plan);
  }
  return merged(await Promise.all(generators.map((generator) => generator.run())));
}

async function lateness(): Promise<never> {
  await pause(PATIENCE_SECONDS * 1000, undefined, { ref: false });
  throw new Error(`not done after ${PATIENCE_SECONDS} seconds`);
}

function setupFor({ setup, durability }: Scenario, folder: string): BrokerSetup {
  return {
    over: 'tcp',
    ...setup,
    ...(setup?.over === 'tls' && { identity: makeIdentity(folder) }),
    ...(durability !== undefined && { store: { folder: join(folder, 'store'), durability } }),
  };
}

async function readMemory(broker: RunningBroker, how: MemoryReading): Promise<number> {
  // What was written a moment ago may still be on its way.
  await pause(200);
  if (how === 'collected') await broker.collectGarbage();
  return residentBytesOf(broker.pid);
}

/** A generator only sees its connections break: the broker's last words say why. */
function explained(error: unknown, { death }: RunningBroker): Error {
  const said = error instanceof Error ? error.message : String(error);
  return new Error(death === undefined ? said : `${said}; the broker: ${death}`, { cause: error });
}
