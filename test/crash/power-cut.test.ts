import { definePlugin } from '@carillon/hooks';
import type { Durability } from '@carillon/persistence';
import { levelPersistence } from '@carillon/persistence-level';
import type { Laboratory } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { FatalCalls, type Moment } from './fatal-calls.ts';
import { simulate } from './simulation.ts';
import type { Ground, TrafficReport } from './stage.ts';
import { VolatileDisk } from './volatile-disk.ts';

const { CRASH_SEEDS = '12', CRASH_SEED = '1' } = process.env;
const seeds = Number(CRASH_SEEDS);
const firstSeed = Number(CRASH_SEED);
const patience = 60_000 + seeds * 1_000;

/** A store on a disk that forgets what was not flushed, in a house whose power fails at some calls of the disk. */
function withoutPower(durability: Durability): (laboratory: Laboratory) => Ground {
  return (laboratory) => {
    const random = laboratory.random.fork('power');
    const disk = new VolatileDisk();
    const cuts = new Map<number, Moment>();
    for (let call = random.integer(15); call < 400; call += 5 + random.integer(60)) {
      cuts.set(call, random.pick(['before', 'after']));
    }
    const fatal = new FatalCalls(cuts);
    // Flushing takes time, in which the next batch gathers.
    const slowest = random.pick([0, 2, 10]);
    const pass = (milliseconds: number) =>
      new Promise<void>((resolve) => laboratory.clock.schedule(milliseconds, resolve));
    return {
      persistence(process) {
        const database = disk.database((call) =>
          fatal.aroundAsync(process, async () => {
            if (slowest > 0) await pass(random.integer(slowest));
            // The power may have failed meanwhile.
            return process.isAlive ? await call() : await new Promise<never>(() => {});
          }),
        );
        return definePlugin({ ...levelPersistence({ database, durability }), name: 'store on a disk' });
      },
      died() {
        // A disk may have flushed more than it was asked to, always from the front of what was written.
        disk.cutPower(durability === 'synced' ? random.integer(disk.unflushed + 1) : 0);
      },
      becomeReliable: () => fatal.noMore(),
    };
  };
}

async function runAll(durability: Durability): Promise<{ seed: number; report: TrafficReport }[]> {
  const reports: { seed: number; report: TrafficReport }[] = [];
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    reports.push({
      seed,
      report: await simulate({ seed: `power ${seed}`, ground: withoutPower(durability) }),
    });
  }
  return reports;
}

test(
  'at durability "synced" no promise is broken by power cuts at any instant',
  async () => {
    const reports = await runAll('synced');
    // `CRASH_SEED=<seed> CRASH_SEEDS=1` runs it again.
    const broken = reports.filter(({ report }) => report.faults.length > 0);
    expect(broken.map(({ seed, report }) => ({ seed, faults: report.faults }))).toEqual([]);
    const total = (of: 'acknowledged' | 'delivered' | 'deaths') =>
      reports.reduce((sum, { report }) => sum + report[of], 0);
    expect(total('acknowledged')).toBeGreaterThan(seeds);
    expect(total('delivered')).toBeGreaterThan(seeds);
    expect(total('deaths')).toBeGreaterThanOrEqual(seeds);
  },
  patience,
);

test(
  'at durability "written" the same power cuts lose messages and sessions, so that this test can fail',
  async () => {
    const faults = (await runAll('written')).flatMap(({ report }) => report.faults);
    expect(faults).toContainEqual(expect.stringMatching(/was acknowledged and is missing/));
    expect(faults).toContainEqual(expect.stringMatching(/the session of .* is missing/));
    expect(faults).toContainEqual(expect.stringMatching(/retains message .*, and .* was acknowledged/));
  },
  patience,
);
