import { Client, type Role } from './client.ts';
import { publishTemplate } from './frames.ts';
import { ratesOf, startInterval } from './interval.ts';
import { NumberedTopic } from './numbered-topic.ts';
import { OutgoingFrames } from './outgoing-frames.ts';
import type { LoadResult, ReadyLoad, RetainedPlan } from './plan.ts';
import { Signal } from './signal.ts';
import { type Faults, noFaults } from './tally.ts';

/** Messages of the publisher that are not acknowledged yet, at most. */
const WINDOW = 100;

/** Retains many messages, then lets one subscriber after the other ask for all of them with `#`. */
export async function prepareRetained(plan: RetainedPlan): Promise<ReadyLoad> {
  const publisher = await Client.open(plan.address, { version: 4, clientId: 'retainer', clean: true });
  const topic = new NumberedTopic('sites/', '/state');
  const message = { version: 4, qos: 1, retain: true, topic: topic.sample, payloadBytes: 64 } as const;
  const frames = new OutgoingFrames(publisher, 0, publishTemplate(message), WINDOW, (bytes, at, sequence) =>
    topic.write(bytes, at, sequence),
  );
  let acknowledged = 0;
  const done = new Signal();
  const send = (): void => {
    const room = Math.min(WINDOW - (frames.sent - acknowledged), plan.messages - frames.sent);
    if (room > 0) frames.send(room);
    if (acknowledged === plan.messages) done.give();
  };
  publisher.role = {
    publish: () => {},
    acknowledged: () => acknowledged++,
    chunkDone: send,
    lost: (why) => done.fail(why),
  };
  send();
  await done.given;
  publisher.end();
  await subscribeToAll(plan, 'warm', noFaults());
  return { run: () => runRetained(plan) };
}

async function runRetained(plan: RetainedPlan): Promise<LoadResult> {
  const faults = noFaults();
  const finish = startInterval(plan.brokerPid);
  const until = performance.now() + plan.seconds * 1000;
  let messages = 0;
  for (let round = 0; performance.now() < until; round++) {
    messages += await subscribeToAll(plan, `all${round}`, faults);
  }
  const interval = finish();
  const figures = ratesOf(interval, messages);
  return { figures, faults, generatorShare: interval.generatorShare };
}

/** @returns How many messages came. */
async function subscribeToAll(plan: RetainedPlan, clientId: string, faults: Faults): Promise<number> {
  const client = await Client.open(plan.address, { version: 4, clientId, clean: true });
  const everything = new Everything(plan.messages, faults);
  client.role = everything;
  await client.subscribe(['#'], 0);
  await everything.came;
  client.destroy();
  return plan.messages;
}

/** Waits for one message of each number, in any order. */
class Everything implements Role {
  readonly #seen: Uint8Array;
  readonly #faults: Faults;
  readonly #done = new Signal();
  #missing: number;

  constructor(messages: number, faults: Faults) {
    this.#seen = new Uint8Array(messages);
    this.#missing = messages;
    this.#faults = faults;
  }

  get came(): Promise<void> {
    return this.#done.given;
  }

  publish(_qos: number, _packetId: number, _publisher: number, sequence: number): void {
    const seen = this.#seen[sequence];
    if (seen === undefined) this.#faults.stray++;
    else if (seen > 0) this.#faults.repeated++;
    else {
      this.#seen[sequence] = 1;
      this.#missing--;
    }
  }

  chunkDone(): void {
    if (this.#missing === 0) this.#done.give();
  }

  acknowledged(): void {}

  lost(why: string): void {
    this.#done.fail(why);
  }
}
