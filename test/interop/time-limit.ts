import { vi } from 'vitest';

/** Longer than anything here takes on a machine that is busy with much else. */
const longestWait = 25_000;

// A test that waits in vain says for what: the wait is over before the test's own time is.
vi.setConfig({ testTimeout: longestWait + 10_000, hookTimeout: longestWait + 10_000 });

/** The promise's outcome, or an error that names what did not happen. */
export function within<T>(what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const inVain = (): void => reject(new Error(`waited ${longestWait} ms in vain for ${what}`));
    const timer = setTimeout(inVain, longestWait);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
