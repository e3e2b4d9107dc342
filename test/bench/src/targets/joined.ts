import type { BrokerSetup } from '../brokers/setup.ts';
import type { RunningBroker, Target } from './target.ts';

/** Two brokers of one make, the first with a bridge to the other. */
export async function startJoined(
  target: Target,
  setup: BrokerSetup,
  qos: 0 | 1 | 2,
): Promise<RunningBroker> {
  const far = await target.start(setup);
  try {
    const near = await target.start({ ...setup, bridge: { port: far.port, qos } });
    return {
      pid: near.pid,
      port: near.port,
      far,
      collectGarbage: () => near.collectGarbage(),
      get death() {
        return near.death ?? far.death;
      },
      stop: async () => {
        await near.stop();
        await far.stop();
      },
    };
  } catch (error) {
    await far.stop();
    throw error;
  }
}
