import { startGenerator } from './generator.ts';
import type { LoadResult } from './load/plan.ts';
import type { Scenario } from './scenarios/scenario.ts';
import type { RunningBroker, Target } from './targets/target.ts';

/** How long one measurement takes. */
export interface Timing {
  readonly warmSeconds: number;
  readonly seconds: number;
}

/** Runs one scenario once on one target, in fresh processes, which are gone afterwards whatever happens. */
export async function measure(scenario: Scenario, target: Target, timing: Timing): Promise<LoadResult> {
  const broker = await target.start(scenario.setup ?? { over: 'tcp' });
  const generator = startGenerator();
  try {
    const address = { port: broker.port, over: scenario.setup?.over ?? 'tcp' };
    await generator.prepare(scenario.plan({ ...timing, address, brokerPid: broker.pid }));
    return await generator.run();
  } catch (error) {
    throw explained(error, broker);
  } finally {
    await Promise.all([generator.stop(), broker.stop()]);
  }
}

/** A generator only sees its connections break: the broker's last words say why. */
function explained(error: unknown, { death }: RunningBroker): Error {
  const said = error instanceof Error ? error.message : String(error);
  return new Error(death === undefined ? said : `${said}; the broker: ${death}`, { cause: error });
}
