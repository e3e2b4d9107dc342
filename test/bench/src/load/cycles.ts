import { Client, type Role } from './client.ts';
import { publishTemplate } from './frames.ts';
import { numbered } from './groups.ts';
import { pause, ratesOf, startInterval, warmUp } from './interval.ts';
import { OutgoingFrames } from './outgoing-frames.ts';
import type { CyclesPlan, LoadResult, ReadyLoad } from './plan.ts';
import { type Faults, noFaults } from './tally.ts';

/** A connection comes and goes by much code, which is compiled only when it has run often. */
const WARM_CYCLES = 10_000;

/** Connections that come and go, many side by side; each begins anew as soon as it is over. */
export async function prepareCycles(plan: CyclesPlan): Promise<ReadyLoad> {
  return { run: () => runCycles(plan) };
}

async function runCycles(plan: CyclesPlan): Promise<LoadResult> {
  const faults = noFaults();
  let isRunning = true;
  let cycles = 0;
  const cycle = plan.cycle === 'connect' ? connectOnce : sessionOnce;
  const repeat = async (lane: number): Promise<void> => {
    while (isRunning) {
      await cycle(plan, `c${lane}`, faults);
      cycles++;
    }
  };
  const lanes = Promise.all(numbered(plan.atATime).map(repeat));
  await Promise.race([warmUp(plan.warmSeconds, WARM_CYCLES, () => cycles), lanes]);
  const before = cycles;
  const finish = startInterval(plan.brokerPid);
  await Promise.race([pause(plan.seconds), lanes]);
  const interval = finish();
  const count = cycles - before;
  isRunning = false;
  await lanes;
  return {
    figures: ratesOf(interval, count),
    faults,
    generatorShare: interval.generatorShare,
  };
}

/** Until CONNACK; the broker is told by DISCONNECT. */
async function connectOnce(plan: CyclesPlan, clientId: string): Promise<void> {
  const client = await Client.open(plan.address, { version: 4, clientId, clean: true });
  await client.leave();
}

/** A device that wakes up, asks, is answered and sleeps again. */
async function sessionOnce(plan: CyclesPlan, clientId: string, faults: Faults): Promise<void> {
  const client = await Client.open(plan.address, { version: 4, clientId, clean: true });
  const topic = `devices/${clientId}`;
  await client.subscribe([topic], 0);
  const arrival = new FirstMessage();
  client.role = arrival;
  const template = publishTemplate({ version: 4, qos: 0, topic, payloadBytes: 64 });
  new OutgoingFrames(client, 0, template, 1).send(1);
  if ((await arrival.came) !== 1) faults.lost++;
  await client.leave();
}

/** Waits for one message. */
class FirstMessage implements Role {
  readonly came: Promise<number>;
  #settle: (messages: number) => void = () => {};
  #messages = 0;

  constructor() {
    this.came = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  publish(): void {
    this.#messages++;
  }

  chunkDone(): void {
    if (this.#messages > 0) this.#settle(this.#messages);
  }

  acknowledged(): void {}

  lost(): void {
    this.#settle(0);
  }
}
