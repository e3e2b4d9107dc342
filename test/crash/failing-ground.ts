import { definePlugin } from '@carillon/hooks';
import { memoryStore, type Store, type StoreOperation } from '@carillon/persistence';
import { type Fault, FaultPlan, type Laboratory, type SeededRandom } from '@carillon/testkit';
import { FatalCalls, type Moment } from './fatal-calls.ts';
import type { Ground } from './stage.ts';
import type { TrafficRecord } from './traffic-record.ts';

/** Calls that a simulation makes of its store, roughly: faults are drawn among the first of them. */
const callsInReach = 80;

/** A store that outlives its brokers, and whose calls fail, are late or are the last ones a broker makes. */
export function failingGround(laboratory: Laboratory, record: TrafficRecord): Ground {
  const random = laboratory.random.fork('faults');
  const plan = new FaultPlan(laboratory, {
    at: drawFaults(random),
    // In every other simulation the store takes its time.
    rate: random.chance(0.5) ? 0.7 : 0,
    faults: [{ delay: 1 }, { delay: 3 }, { delay: 8 }],
  });
  const fatal = new FatalCalls(drawDeaths(random));
  const saysNoAt = random.chance(0.3) ? 1 + random.integer(callsInReach) : 0;
  const kept = memoryStore();
  const stored = new Set<string>();
  record.isStored = (subscriber, number) => stored.has(`${subscriber} ${number}`);
  let isReliable = false;
  let commits = 0;
  // Should the broker die before it could undo what it was told had failed, nobody could tell it from what was
  // stored: a store that does that to its broker makes no promise that a test could hold it to.
  let isUndoing = false;

  return {
    persistence(process) {
      const reached: Store = {
        name: kept.name,
        supports: kept.supports,
        open: () => kept.open(),
        load: () => kept.load(),
        commit(batch, durability) {
          // A call that was late comes to nothing when its process is dead.
          if (!process.isAlive) return;
          const later = kept.commit(batch, durability);
          if (later !== undefined) throw new TypeError('A memory store answers at once.');
          isUndoing = ++commits === saysNoAt && !isReliable;
          if (isUndoing) throw new Error('It was stored, and nobody knows.');
          for (const operation of batch) note(stored, operation);
        },
        readQueue: (...asked) => kept.readQueue(...asked),
        close: () => kept.close(),
      };
      const afflicted = plan.afflict(reached, ['commit', 'readQueue']);
      const call = <Result>(make: (store: Store) => Result) => {
        if (isUndoing) return make(afflicted);
        return fatal.around(process, () => make(isReliable ? reached : afflicted));
      };
      const store: Store = {
        ...reached,
        commit: (batch, durability) => call((one) => one.commit(batch, durability)),
        readQueue: (...asked) => call((one) => one.readQueue(...asked)),
      };
      return definePlugin({ name: 'failing store', persistence: store });
    },
    died() {},
    becomeReliable() {
      isReliable = true;
      fatal.noMore();
    },
  };
}

function drawFaults(random: SeededRandom): Record<number, Fault> {
  const faults: Record<number, Fault> = {};
  for (let left = random.integer(4); left > 0; left--) {
    // Sometimes a store fails several times in a row.
    const first = 1 + random.integer(callsInReach);
    const fault = random.pick<Fault>(['throw', 'reject', { delay: 40 }]);
    for (let call = first; call <= first + random.pick([0, 0, 0, 1, 4]); call++) faults[call] = fault;
  }
  return faults;
}

function drawDeaths(random: SeededRandom): Map<number, Moment> {
  const deaths = new Map<number, Moment>();
  for (let left = random.integer(4); left > 0; left--) {
    deaths.set(1 + random.integer(callsInReach), random.pick(['before', 'after']));
  }
  return deaths;
}

function note(stored: Set<string>, operation: StoreOperation): void {
  if (operation.do !== 'enqueue') return;
  stored.add(`${operation.clientId} ${new TextDecoder().decode(operation.entry.message.payload)}`);
}
