import type { Broker, PluginPlatform } from '@carillon/hooks';
import type { Dial } from './dial.ts';

/** What all bridges of a broker have around them. */
export interface Surroundings extends PluginPlatform {
  readonly broker: Broker;
  readonly dial: Dial;
  /** How this broker is called among those that are joined. Known once the broker runs. */
  brokerId(): Promise<string>;
  /** Whether a message with this stamp came by another way than this one; remembers it for others. */
  isSeen(stamp: string, way: string): boolean;
  /** It was not taken after all. */
  forget(stamp: string, way: string): void;
}

/** Settles after so many milliseconds, or when `signal` aborts. */
export function wait({ clock }: PluginPlatform, milliseconds: number, signal: AbortSignal): Promise<void> {
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
