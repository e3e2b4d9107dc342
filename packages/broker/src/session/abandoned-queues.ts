import type { Engine } from '../engine.ts';
import { type QueuedMessage, restoredMessage } from './queued-message.ts';
import { TailReader } from './tail-reader.ts';

/**
 * What sessions that have ended leave behind in the store: the part of their queues that was never read.
 * It is read page by page and given away; only then does the store forget the session, so that a crash in
 * between loses nothing. What cannot be read is tried again after the next start.
 */
export class AbandonedQueues {
  readonly #engine: Engine;
  /** By client id: makes the store forget the session. */
  readonly #open = new Map<string, () => void>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Reads everything after a sequence number and hands it to `giveAway`. */
  read(clientId: string, after: number, giveAway: (entries: readonly QueuedMessage[]) => void): void {
    const { turn } = this.#engine;
    const forget = (): void => {
      this.#open.delete(clientId);
      turn.record({ do: 'deleteSession', clientId });
    };
    this.#open.set(clientId, forget);
    const reader = new TailReader(this.#engine, clientId, (page) => {
      if (this.#open.get(clientId) !== forget) return;
      const last = page.at(-1);
      if (last === undefined) {
        forget();
        return;
      }
      for (const { sequence } of page) turn.record({ do: 'dequeue', clientId, sequence });
      giveAway(page.map(restoredMessage));
      reader.readAfter(last.sequence);
    });
    reader.readAfter(after);
  }

  /** A new session needs the client id: what has not been read by now is lost. */
  forget(clientId: string): void {
    this.#open.get(clientId)?.();
  }
}
