import { seededRandom } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { createMessage } from '../src/publishing/broker-message.ts';
import { MadeMessage } from '../src/publishing/content.ts';
import { KeptRun } from '../src/publishing/kept-run.ts';
import { Copy } from '../src/routing/subscription.ts';
import { Inflight } from '../src/session/inflight.ts';
import { QueuedMessage } from '../src/session/queued-message.ts';

const pattern = createMessage(
  { topic: 't', payload: new Uint8Array(0), qos: 1, retain: false, origin: 'client', publisherId: 'p' },
  0,
);

/** Messages whose payloads are numbers, one byte each digit. */
function runOf(texts: readonly string[]): KeptRun {
  let at = 0;
  const starts = texts.map((text) => {
    at += text.length;
    return at - text.length;
  });
  const ends = starts.map((start, index) => start + (texts[index] ?? '').length);
  return new KeptRun(pattern, new TextEncoder().encode(texts.join('')), starts, ends);
}

function single(sequence: number): QueuedMessage {
  const message = { ...pattern, payload: new TextEncoder().encode(`${sequence}`) };
  const entry = new QueuedMessage(sequence, new Copy(new MadeMessage(message), 1, false, [], undefined));
  entry.state = 'sent';
  return entry;
}

function textOf(entry: QueuedMessage | undefined): string | undefined {
  return entry && new TextDecoder().decode(entry.message.payload);
}

/** Everything that was sent, by packet identifier: what is in flight is to be the same. */
class Flight {
  readonly inflight = new Inflight();
  readonly expected = new Map<number, string>();
  #sequence = 0;

  sendOne(): number {
    const entry = single(++this.#sequence);
    this.inflight.add(entry);
    this.expected.set(entry.packetId, `${entry.sequence}`);
    return entry.packetId;
  }

  sendRun(count: number): number[] {
    const first = this.#sequence + 1;
    this.#sequence += count;
    const texts = Array.from({ length: count }, (_, index) => `${first + index}`);
    const packetIds: number[] = [];
    this.inflight.addRun(runOf(texts), first, { unfinished: count }, packetIds);
    const before = this.expected.size;
    for (const [index, packetId] of packetIds.entries()) this.expected.set(packetId, texts[index] ?? '');
    expect(this.expected.size).toBe(before + count);
    return packetIds;
  }

  settle(packetId: number): void {
    const entry =
      this.inflight.removeFromRun(packetId) === undefined ? this.inflight.get(packetId) : undefined;
    if (entry !== undefined) this.inflight.remove(entry);
    this.expected.delete(packetId);
  }

  check(): void {
    expect(this.inflight.size).toBe(this.expected.size);
    const texts = [...this.expected.values()];
    expect(this.inflight.bytes).toBe(texts.reduce((sum, text) => sum + 1 + text.length, 0));
  }

  /** Looks at all of it, by which each becomes a message of its own. */
  checkEach(): void {
    for (const [packetId, text] of this.expected) {
      const entry = this.inflight.get(packetId);
      expect(textOf(entry)).toBe(text);
      expect(entry?.packetId).toBe(packetId);
    }
    const inOrder = [...this.expected.values()].sort((a, b) => Number(a) - Number(b));
    expect(this.inflight.inOrder().map(textOf)).toEqual(inOrder);
    this.check();
  }
}

test('identifiers of a run begin anew behind the last there is', () => {
  const flight = new Flight();
  for (let sent = 0; sent < 65_500; sent += 500) for (const id of flight.sendRun(500)) flight.settle(id);
  const packetIds = flight.sendRun(50);
  expect(packetIds.slice(33, 37)).toEqual([65_534, 65_535, 1, 2]);
  flight.checkEach();
  for (const packetId of packetIds) flight.settle(packetId);
  flight.check();
});

test('identifiers that are in use are passed over in the middle of a run', () => {
  const flight = new Flight();
  const [first, second] = [flight.sendOne(), ...flight.sendRun(3)];
  for (let sent = 0; sent < 65_531; sent++) flight.settle(flight.sendOne());
  // 1 to 4 were never acknowledged, and the last identifier given was 65,535.
  const packetIds = flight.sendRun(10);
  expect([first, second]).toEqual([1, 2]);
  expect(packetIds).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  flight.settle(3);
  for (let sent = 0; sent < 65_521; sent++) flight.settle(flight.sendOne());
  expect(flight.sendRun(3)).toEqual([3, 15, 16]);
  flight.checkEach();
});

test.each(Array.from({ length: 3 }, (_, seed) => seed))(
  'whatever is sent and acknowledged in whatever order, what is in flight is known: story %i',
  (seed) => {
    const random = seededRandom(seed);
    const flight = new Flight();
    for (let step = 0; step < 8000; step++) {
      const mayGrow = flight.expected.size < 300;
      if (mayGrow && random.chance(0.3)) flight.sendOne();
      if (mayGrow && random.chance(0.3)) flight.sendRun(1 + random.integer(60));
      const packetIds = [...flight.expected.keys()];
      // Some are never acknowledged, and meet those that come round.
      const orderly = packetIds.filter((packetId) => packetId % 997 !== 0);
      for (const packetId of orderly.slice(0, random.integer(120))) flight.settle(packetId);
      if (random.chance(0.1) && packetIds.length > 0) flight.settle(random.pick(packetIds));
      // What is settled or was never sent is not there.
      flight.settle(1 + random.integer(65_535));
      if (step % 20 === 0) flight.check();
      if (random.chance(0.002)) flight.checkEach();
    }
    flight.checkEach();
  },
);
