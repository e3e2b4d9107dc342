import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crashBridge } from './crash-bridge.ts';
import { inFolder } from './in-folder.ts';
import { joinedRounds } from './joined-rounds.ts';
import { KillableBroker } from './killable-broker.ts';

const { CRASH_ROUNDS = '1', CRASH_SEED = '1' } = process.env;
const rounds = Number(CRASH_ROUNDS);
const seed = Number(CRASH_SEED);
const patience = 120_000 + rounds * 20_000;

test.each([5, 4] as const)(
  'what was acknowledged on one of two bridged brokers comes to both, whichever is killed, in version %d',
  (version) =>
    inFolder(async (location) => {
      await using far = new KillableBroker(join(location, 'far'), 'written');
      await far.start();
      await using near = new KillableBroker(
        join(location, 'near'),
        'written',
        crashBridge(far.port, version),
      );
      await near.start();
      await near.until('crash', 'connected');
      const victims = [[near], [far], [near, far]];
      const report = await joinedRounds({ brokers: [near, far], victims, rounds, seed });
      expect(report.faults).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(rounds * 50);
    }),
  patience,
);
