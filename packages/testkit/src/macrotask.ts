// From the module, not from the globals: a test that replaces the global timers does not stop the testkit.
import { setImmediate } from 'node:timers';

/** Lets every promise chain that can move run to its end, however long it is: microtasks go before this. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
