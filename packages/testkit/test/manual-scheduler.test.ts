import { ManualScheduler } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';

describe('a manual scheduler', () => {
  it('runs one turn: what has arrived, then what was asked for at its end', () => {
    const scheduler = new ManualScheduler();
    const order: string[] = [];
    const endOfTurn = (name: string) => scheduler.atEndOfTurn(() => order.push(name));
    endOfTurn('end of turn');
    scheduler.arrive('bytes', () => {
      order.push('arrival');
      endOfTurn('asked for by the arrival');
      scheduler.arrive('more bytes', () => order.push('arrival of the next turn'));
    });
    scheduler.runTurn();
    expect(order).toEqual(['arrival', 'end of turn', 'asked for by the arrival']);
    scheduler.runTurn();
    expect(order.at(-1)).toBe('arrival of the next turn');
  });

  it('leaves to the next turn what a turn asks for at its end', () => {
    const scheduler = new ManualScheduler();
    let turns = 0;
    const again = () => {
      turns++;
      scheduler.atEndOfTurn(again);
    };
    scheduler.atEndOfTurn(again);
    scheduler.runTurn();
    expect(turns).toBe(1);
    scheduler.runTurn();
    expect(turns).toBe(2);
  });

  it('runs task by task, and says what waits', () => {
    const scheduler = new ManualScheduler();
    scheduler.arrive('bytes from alice', () => {});
    scheduler.atEndOfTurn(() => {});
    expect(scheduler.waiting).toEqual(['bytes from alice', 'a task at the end of the turn']);
    expect(scheduler.runNext()).toBe(true);
    expect(scheduler.pending).toBe(1);
    expect(scheduler.runNext()).toBe(true);
    expect(scheduler.runNext()).toBe(false);
  });

  it('finishes a turn that was begun task by task', () => {
    const scheduler = new ManualScheduler();
    const order: string[] = [];
    scheduler.arrive('a', () => order.push('a'));
    scheduler.arrive('b', () => order.push('b'));
    scheduler.atEndOfTurn(() => order.push('end'));
    scheduler.runNext();
    scheduler.runTurn();
    expect(order).toEqual(['a', 'b', 'end']);
  });
});
