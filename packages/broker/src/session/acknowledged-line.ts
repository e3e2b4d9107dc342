import type { Connection } from '../connection/connection.ts';
import type { MessageRun } from '../publishing/message-run.ts';
import type { DirectLine } from '../routing/subscription.ts';
import type { Inflight } from './inflight.ts';
import type { SessionQueue } from './session-queue.ts';

/** The way of QoS 1 out of a session in which nothing waits and nothing is stored: what is sent is in flight at once. */
export class AcknowledgedLine implements DirectLine {
  readonly room: number;
  readonly window: number;
  readonly #inflight: Inflight;
  readonly #queue: SessionQueue;
  readonly #connection: Connection;

  constructor(
    inflight: Inflight,
    queue: SessionQueue,
    connection: Connection,
    limits: Pick<DirectLine, 'room' | 'window'>,
  ) {
    this.#inflight = inflight;
    this.#queue = queue;
    this.#connection = connection;
    this.room = limits.room;
    this.window = limits.window;
  }

  passOn(run: MessageRun): void {
    const packetIds: number[] = [];
    for (const kept of run.kept) {
      const firstSequence = this.#queue.takeSequences(kept.count);
      this.#inflight.addRun(kept, firstSequence, this.#connection, packetIds);
    }
    this.#connection.unfinished += packetIds.length;
    this.#connection.publishRun(run.packets, packetIds);
  }
}
