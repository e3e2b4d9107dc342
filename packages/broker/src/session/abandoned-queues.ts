import type { Engine } from '../engine.ts';
import { type QueuedMessage, restoredMessage } from './queued-message.ts';
import { TailReader } from './tail-reader.ts';

interface AbandonedQueue {
  /** Makes the store forget the session. */
  readonly forget: () => void;
  /** Resolves when it has been given away, or cannot be read now. */
  readonly done: Promise<void>;
}

/**
 * What sessions that have ended leave behind in the store: the part of their queues that was never read.
 * It is read page by page and given away; only then does the store forget the session, so that a crash in
 * between loses nothing. What cannot be read is tried again after the next start.
 */
export class AbandonedQueues {
  readonly #engine: Engine;
  /** By client id. */
  readonly #open = new Map<string, AbandonedQueue>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Reads everything after a sequence number and hands it to `giveAway`. */
  read(clientId: string, after: number, giveAway: (entries: readonly QueuedMessage[]) => void): void {
    const { turn } = this.#engine;
    let isOver = (): void => {};
    const done = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    const forget = (): void => {
      this.#open.delete(clientId);
      turn.record({ do: 'deleteSession', clientId });
      isOver();
    };
    const queue = { forget, done };
    this.#open.set(clientId, queue);
    const reader = new TailReader(this.#engine, clientId, {
      takePage: (page) => {
        if (this.#open.get(clientId) !== queue) return;
        const last = page.at(-1);
        if (last === undefined) {
          forget();
          return;
        }
        for (const { sequence } of page) turn.record({ do: 'dequeue', clientId, sequence });
        giveAway(page.map(restoredMessage));
        reader.readAfter(last.sequence);
      },
      lost: () => {},
      failed: () => isOver(),
    });
    reader.readAfter(after);
  }

  /** Resolves when what an ended session of the client id has left is given away; undefined when there is none. */
  whenGivenAway(clientId: string): Promise<void> | undefined {
    return this.#open.get(clientId)?.done;
  }

  /** A new session needs the client id: what could not be read by now is lost. */
  forget(clientId: string): void {
    this.#open.get(clientId)?.forget();
  }
}
