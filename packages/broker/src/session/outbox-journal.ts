import type { QueueEntry, StoreOperation } from '@carillon/persistence';
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

  /** Whether the entry is known to the store, or is to be. */
  keeps({ isVolatile }: QueuedMessage): boolean {
    return this.#session.isStored && !isVolatile;
  }

  /** The entry, as it is now, joins the stored queue. */
  queued(entry: QueuedMessage): void {
    this.#record(entry, (clientId) => ({ do: 'enqueue', clientId, entry: snapshot(entry) }));
  }

  /** The entry is in flight, or its PUBREC has come. */
  sent(entry: QueuedMessage): void {
    const { sequence, packetId } = entry;
    const state = entry.state === 'released' ? 'released' : 'sent';
    this.#record(entry, (clientId) => ({ do: 'markSent', clientId, sequence, packetId, state }));
  }

  /** The entry is done with. */
  dequeued(entry: QueuedMessage): void {
    const { sequence } = entry;
    this.#record(entry, (clientId) => ({ do: 'dequeue', clientId, sequence }));
  }

  /**
   * Runs `send` once this turn's batch is stored, or at once when nothing of this session is stored. A packet
   * that left before would, should the broker die now, be followed by another with the same message.
   */
  whenStored(send: () => void): void {
    if (!this.#session.isStored) {
      send();
      return;
    }
    this.#held++;
    this.#engine.turn.holdUntilStored(() => {
      this.#held--;
      send();
    });
  }

  #record(entry: QueuedMessage, operation: (clientId: string) => StoreOperation): void {
    if (!this.keeps(entry)) return;
    const { turn, storage } = this.#engine;
    const recorded = operation(this.#session.clientId);
    if (entry.isPassedOn) turn.owe(recorded);
    turn.record(recorded, storage.durabilityOf(entry.content.topic));
  }
}

/** The store may look at it after the entry has changed. */
function snapshot(entry: QueuedMessage): QueueEntry {
  const { sequence, message, qos, retain, subscriptionIdentifiers, share, packetId, state } = entry;
  return { sequence, message, qos, retain, subscriptionIdentifiers, share, packetId, state };
}
