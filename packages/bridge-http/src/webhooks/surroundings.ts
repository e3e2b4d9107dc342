import type { Broker, Clock, PluginPlatform } from '@carillon/hooks';

/** What all webhooks of a broker have around them. */
export interface Surroundings extends PluginPlatform {
  readonly broker: Broker;
}

/** Settles after so many milliseconds, or when `signal` aborts. */
export function wait(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const task = clock.schedule(milliseconds, done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      task.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
