import { expect, test } from 'vitest';
import { crashRounds } from './rounds.ts';

const { CRASH_ROUNDS = '3', CRASH_SEED = '1' } = process.env;
const rounds = Number(CRASH_ROUNDS);
const seed = Number(CRASH_SEED);
/** One round takes about a second on a slow machine; a hang is what this guards against. */
const patience = 60_000 + rounds * 10_000;

test.each(['written', 'synced'] as const)(
  'what was acknowledged at durability "%s" survives kill -9 at any instant',
  async (durability) => {
    const report = await crashRounds({ rounds, seed, durability });
    expect(report.faults).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(rounds * 50);
  },
  patience,
);
