import { readFileSync } from 'node:fs';
import { createBroker, version } from 'carillon';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nodeClock, nodeRandom } from '../src/node-platform.ts';

describe('the clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('calls once, when the delay is over', () => {
    const task = vi.fn();
    nodeClock.schedule(1000, task);
    vi.advanceTimersByTime(999);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(task).toHaveBeenCalledOnce();
  });

  test('waits longer than a timer of Node can', () => {
    const task = vi.fn();
    const delay = 2 ** 32;
    nodeClock.schedule(delay, task);
    vi.advanceTimersByTime(delay - 1);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(task).toHaveBeenCalledOnce();
  });

  test('does not call what was cancelled, however long it was to wait', () => {
    const task = vi.fn();
    const delay = 2 ** 32;
    const timer = nodeClock.schedule(delay, task);
    vi.advanceTimersByTime(delay / 2 + 1);
    timer.cancel();
    vi.advanceTimersByTime(delay);
    expect(task).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('randomness fills all it is given', () => {
  const bytes = new Uint8Array(64);
  nodeRandom(bytes);
  expect(new Set(bytes).size).toBeGreaterThan(8);
});

test('an option that cannot be is named, with its value and what would be right', () => {
  expect(() => createBroker({ limits: { maximumConnections: -1 } })).toThrow(
    'option limits.maximumConnections is -1; it has to be a whole number from 1 to 10000000',
  );
});

test('the version is the one of the package', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(manifest).toMatchObject({ version });
});
