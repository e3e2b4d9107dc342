import { Laboratory } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';

describe('a laboratory', () => {
  it('settles turns, promises and due tasks until nothing moves', async () => {
    const laboratory = new Laboratory();
    const { scheduler, clock } = laboratory;
    const order: string[] = [];
    scheduler.atEndOfTurn(async () => {
      order.push('end of turn');
      await undefined;
      order.push('after a promise');
      clock.schedule(0, () => {
        order.push('timer without delay');
        setImmediate(() => scheduler.atEndOfTurn(() => order.push('after a real immediate')));
      });
    });
    await laboratory.settle();
    expect(order).toEqual([
      'end of turn',
      'after a promise',
      'timer without delay',
      'after a real immediate',
    ]);
  });

  it('lets no time go by when it settles', async () => {
    const laboratory = new Laboratory();
    const { clock } = laboratory;
    let called = false;
    clock.schedule(1, () => {
      called = true;
    });
    await laboratory.settle();
    expect(called).toBe(false);
    await laboratory.advance(1);
    expect(called).toBe(true);
  });

  it('handles everything that has arrived before the turn ends, and what comes later in the next turn', async () => {
    const laboratory = new Laboratory();
    const { scheduler } = laboratory;
    const order: string[] = [];
    scheduler.atEndOfTurn(() => order.push('end of turn 1'));
    scheduler.arrive('a', () => {
      order.push('a');
      scheduler.arrive('c', () => order.push('c'));
      scheduler.atEndOfTurn(() => order.push('asked for by a'));
    });
    scheduler.arrive('b', () => order.push('b'));
    await laboratory.settle();
    expect(order).toEqual(['a', 'b', 'end of turn 1', 'asked for by a', 'c']);
  });

  it('is not held up by a promise that nobody keeps', async () => {
    const laboratory = new Laboratory();
    const { scheduler } = laboratory;
    let finished = false;
    scheduler.atEndOfTurn(async () => {
      await new Promise(() => {});
      finished = true;
    });
    await laboratory.settle();
    expect(finished).toBe(false);
  });

  it('says what still moves in a world that does not come to rest', async () => {
    const laboratory = new Laboratory({ maximumTasks: 100, seed: 'restless' });
    const again = () => laboratory.scheduler.arrive('a ball', again);
    again();
    await expect(laboratory.settle()).rejects.toThrow(
      /after 100 tasks .* 1 waiting \(a ball\)\. Seed: restless/,
    );
  });

  it('throws what a task throws, and can go on afterwards', async () => {
    const laboratory = new Laboratory();
    const { scheduler } = laboratory;
    let called = false;
    scheduler.atEndOfTurn(() => {
      throw new Error('a fault of the broker');
    });
    scheduler.atEndOfTurn(() => {
      called = true;
    });
    await expect(laboratory.settle()).rejects.toThrow('a fault of the broker');
    await laboratory.settle();
    expect(called).toBe(true);
  });

  it('settles for several who wait at the same time', async () => {
    const laboratory = new Laboratory();
    const { scheduler } = laboratory;
    const done: number[] = [];
    for (const number of [1, 2, 3]) scheduler.arrive(`${number}`, () => done.push(number));
    await Promise.all([laboratory.settle(), laboratory.settle()]);
    expect(done).toEqual([1, 2, 3]);
  });

  it('mixes what arrives on different connections by its seed, and repeats itself', async () => {
    const run = async (seed: number) => {
      const laboratory = new Laboratory({ seed, arrivals: 'mixed' });
      const order: number[] = [];
      for (let number = 0; number < 20; number++) laboratory.scheduler.arrive('', () => order.push(number));
      await laboratory.settle();
      return order;
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
    expect(first.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, number) => number));
  });

  it('waits in real time for work outside, where it has patience', async () => {
    const outsideWork = (laboratory: Laboratory) => {
      let done = false;
      // A timer of the real world stands for a thread or a disk.
      setTimeout(() => laboratory.scheduler.arrive('result', () => (done = true)), 5);
      return laboratory.settleUntil(() => done);
    };
    expect(await outsideWork(new Laboratory({ patience: 10_000 }))).toBe(true);
    expect(await outsideWork(new Laboratory())).toBe(false);
  });

  it('gives a broker its whole platform', () => {
    const { clock, scheduler, logger, platform } = new Laboratory();
    expect(platform).toMatchObject({ clock, scheduler, logger });
    platform.logger.warn({ hook: 'authenticate' }, 'too late');
    expect(logger.messages('warn')).toEqual(['too late']);
  });
});
