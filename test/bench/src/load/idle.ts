import { Client } from './client.ts';
import { inGroups, numbered } from './groups.ts';
import { startInterval } from './interval.ts';
import type { IdlePlan, ReadMemory, ReadyLoad } from './plan.ts';
import { noFaults } from './tally.ts';

/** Enough to have the broker's code compiled, and its first tables made. */
const WARM_CONNECTIONS = 500;

/** Connections with one subscription each that say nothing more: what does the broker keep for them? */
export async function prepareIdle(plan: IdlePlan, readMemory: ReadMemory): Promise<ReadyLoad> {
  const open = async (clientId: string): Promise<Client> => {
    const client = await Client.open(plan.address, { version: 4, clientId, clean: true });
    await client.subscribe([`devices/${clientId}/commands`], 0);
    return client;
  };
  const warm = await inGroups(numbered(WARM_CONNECTIONS), (index) => open(`warm${index}`));
  await inGroups(warm, (client) => client.leave());
  return {
    run: async () => {
      const faults = noFaults();
      const before = await readMemory('as it is');
      const finish = startInterval(plan.brokerPid);
      const clients = await inGroups(numbered(plan.connections), (index) => open(`idle${index}`));
      const { seconds, generatorShare } = finish();
      for (const client of clients) client.onLost(() => faults.closed++);
      const grown = (await readMemory('as it is')) - before;
      const kept = (await readMemory('collected')) - before;
      for (const client of clients) client.destroy();
      return {
        figures: {
          bytes: grown / plan.connections,
          keptBytes: kept / plan.connections,
          rate: plan.connections / seconds,
        },
        faults,
        generatorShare,
      };
    },
  };
}
