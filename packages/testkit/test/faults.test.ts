import {
  channelPair,
  FaultPlan,
  faultyChannel,
  InjectedFault,
  Laboratory,
  PacketClient,
} from '@carillon/testkit';
import { describe, expect, it } from 'vitest';
import { TinyBroker } from './tiny-broker.ts';

describe('a fault plan', () => {
  it('lets the calls go wrong that it names, and the others through', async () => {
    const laboratory = new Laboratory();
    const plan = new FaultPlan(laboratory, { at: { 2: 'throw', 3: 'reject' } });
    const double = plan.wrap('double', (number: number) => number * 2);
    expect(double(4)).toBe(8);
    expect(() => double(4)).toThrow(InjectedFault);
    await expect(double(4)).rejects.toThrow('double: call 3 was to fail.');
    expect(double(4)).toBe(8);
    expect(plan.calls.map(({ fault }) => fault)).toEqual([undefined, 'throw', 'reject', undefined]);
  });

  it('lets a call hang for ever, or answer late by the clock', async () => {
    const laboratory = new Laboratory();
    const plan = new FaultPlan(laboratory, { at: { 1: 'hang', 2: { delay: 500 } } });
    const answers: string[] = [];
    const call = plan.wrap('call', async (name: string) => name);
    for (const name of ['first', 'second'])
      void Promise.resolve(call(name)).then((answer) => answers.push(answer));
    await laboratory.advance(499);
    expect(answers).toEqual([]);
    await laboratory.advance(1_000_000);
    expect(answers).toEqual(['second']);
  });

  it('draws the same faults for the same seed', () => {
    const draws = (seed: number) => {
      const plan = new FaultPlan(new Laboratory({ seed }), { rate: 0.3 });
      return Array.from({ length: 50 }, () => plan.next('call'));
    };
    expect(draws(1)).toEqual(draws(1));
    expect(draws(1)).not.toEqual(draws(2));
    const share = draws(1).filter((fault) => fault !== undefined).length;
    expect(share).toBeGreaterThan(5);
    expect(share).toBeLessThan(30);
  });

  it('afflicts the methods of an object that it names, private fields and all', () => {
    class Store {
      #commits = 0;
      commit() {
        return ++this.#commits;
      }
      get commits() {
        return this.#commits;
      }
      close() {
        return `closed after ${this.#commits}`;
      }
    }
    const store = new FaultPlan(new Laboratory(), { at: { 2: 'throw' } }).afflict(new Store(), ['commit']);
    expect(store.commit()).toBe(1);
    expect(() => store.commit()).toThrow(InjectedFault);
    expect([store.commits, store.close(), store.commit()]).toEqual([1, 'closed after 1', 2]);
  });
});

describe('a faulty channel', () => {
  it('flips bits of what is received', async () => {
    const laboratory = new Laboratory();
    const [client, server] = channelPair(laboratory);
    const random = laboratory.random.fork('noise');
    const received: Uint8Array[] = [];
    faultyChannel(server, { random, flipReceived: 0.5 }).open({
      received: (chunk) => void received.push(chunk),
      drained: () => {},
      closed: () => {},
    });
    client.write([new Uint8Array(200)]);
    await laboratory.settle();
    const harmed = received.flatMap((chunk) => [...chunk]).filter((byte) => byte !== 0);
    expect(harmed.length).toBeGreaterThan(60);
    expect(harmed.length).toBeLessThan(140);
  });

  it('throws at the write that was asked for, and is a channel otherwise', async () => {
    const laboratory = new Laboratory();
    const client = PacketClient.connect(new TinyBroker(), {
      laboratory,
      wrap: (channel) => faultyChannel(channel, { random: laboratory.random, throwAtWrite: 2 }),
    });
    await client.connectPacket();
    // The tiny broker takes a failing write for a reason to destroy the channel.
    client.send({ type: 'pingreq' });
    await client.expectClosed();
  });
});
