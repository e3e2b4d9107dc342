import type { QueueEntry } from '@carillon/persistence';
import type { Engine } from '../engine.ts';
import type { QueuedMessage } from './queued-message.ts';
import type { Session } from './session.ts';

/** What an outbox writes into the turn's store batch. Sessions that end with their connection write nothing. */
export class OutboxJournal {
  readonly #engine: Engine;
  readonly #session: Session;
  #held = 0;

  constructor(engine: Engine, session: Session) {
    this.#engine = engine;
    this.#session = session;
  }

  /** Whether packets wait for the store before they may leave: what is sent after them waits with them. */
  get holdsPackets(): boolean {
    return this.#held > 0;
  }

  /** The entry, as it is now, joins the stored queue. */
  queued(entry: QueuedMessage): void {
    if (!this.#session.isStored) return;
    const { clientId } = this.#session;
    this.#engine.turn.record({ do: 'enqueue', clientId, entry: snapshot(entry) });
  }

  /** The entry is in flight, or its PUBREC has come. */
  sent(entry: QueuedMessage): void {
    if (!this.#session.isStored) return;
    const { clientId } = this.#session;
    const { sequence, packetId } = entry;
    const state = entry.state === 'released' ? 'released' : 'sent';
    this.#engine.turn.record({ do: 'markSent', clientId, sequence, packetId, state });
  }

  /** The entry is done with. */
  dequeued(entry: QueuedMessage): void {
    if (!this.#session.isStored) return;
    const { clientId } = this.#session;
    this.#engine.turn.record({ do: 'dequeue', clientId, sequence: entry.sequence });
  }

  /** Runs `send` once this turn's batch is stored, or at once when nothing of this session is stored. */
  whenStored(send: () => void): void {
    if (!this.#session.isStored) {
      send();
      return;
    }
    this.#held++;
    const done = (): void => {
      this.#held--;
      send();
    };
    // A failed store has been reported; holding the packet back for ever would help nobody.
    this.#engine.turn.hold({ stored: done, failed: done });
  }
}

/** The store may look at it after the entry has changed. */
function snapshot(entry: QueuedMessage): QueueEntry {
  const { sequence, message, qos, retain, subscriptionIdentifiers, share, packetId, state } = entry;
  return { sequence, message, qos, retain, subscriptionIdentifiers, share, packetId, state };
}
