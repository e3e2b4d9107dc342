import { ManualClock } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';

describe('a manual clock', () => {
  it('stands still until it is turned', async () => {
    const clock = new ManualClock({ startAt: 1_000_000 });
    expect([clock.now(), clock.elapsed()]).toEqual([1_000_000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.elapsed()]).toEqual([1_000_250, 250]);
  });

  it('calls each task at its own time, the earliest first', async () => {
    const clock = new ManualClock();
    const calls: [string, number][] = [];
    const note = (name: string) => () => void calls.push([name, clock.elapsed()]);
    clock.schedule(30, note('third'));
    clock.schedule(10, note('first'));
    clock.schedule(20, note('second'));
    await clock.advance(29);
    expect(calls).toEqual([
      ['first', 10],
      ['second', 20],
    ]);
    await clock.advance(1);
    expect(calls.at(-1)).toEqual(['third', 30]);
  });

  it('calls tasks of the same instant in the order in which they were given', () => {
    const clock = new ManualClock();
    const calls: number[] = [];
    for (const number of [1, 2, 3]) clock.schedule(5, () => calls.push(number));
    clock.advanceSync(5);
    expect(calls).toEqual([1, 2, 3]);
  });

  it('calls a task that a task asked for, when it falls due within the same advance', async () => {
    const clock = new ManualClock();
    const calls: number[] = [];
    const everyTen = () => {
      calls.push(clock.elapsed());
      clock.schedule(10, everyTen);
    };
    clock.schedule(10, everyTen);
    await clock.advance(35);
    expect(calls).toEqual([10, 20, 30]);
    expect(clock.untilNext).toBe(5);
  });

  it('lets promises run to their end between two tasks', async () => {
    const clock = new ManualClock();
    const order: string[] = [];
    clock.schedule(1, async () => {
      for (let step = 0; step < 50; step++) await undefined;
      order.push('long promise chain of the first');
    });
    clock.schedule(2, () => order.push('second'));
    await clock.advance(2);
    expect(order).toEqual(['long promise chain of the first', 'second']);
  });

  it('counts what is pending, so that a test can look for leaks', () => {
    const clock = new ManualClock();
    const task = clock.schedule(10, () => {});
    clock.schedule(20, () => {});
    expect(clock.pending).toBe(2);
    task.cancel();
    task.cancel();
    expect(clock.pending).toBe(1);
    clock.advanceSync(20);
    expect(clock.pending).toBe(0);
  });

  it('does not call what was cancelled', () => {
    const clock = new ManualClock();
    let called = false;
    const task = clock.schedule(10, () => {
      called = true;
    });
    task.cancel();
    clock.advanceSync(100);
    expect(called).toBe(false);
  });

  it('keeps delays when somebody sets the system clock', () => {
    const clock = new ManualClock();
    const calls: number[] = [];
    clock.schedule(100, () => calls.push(clock.now()));
    clock.setWallClock(5_000);
    clock.advanceSync(100);
    expect(calls).toEqual([5_100]);
    expect(clock.elapsed()).toBe(100);
  });

  it('refuses to go back, and to be turned by two hands', async () => {
    const clock = new ManualClock();
    await expect(clock.advance(-1)).rejects.toThrow('Time does not go back');
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toThrow('await the first');
    await first;
    expect(clock.elapsed()).toBe(10);
  });
});
