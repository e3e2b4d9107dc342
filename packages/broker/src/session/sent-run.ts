import type { KeptRun } from '../publishing/kept-run.ts';
import { Copy } from '../routing/subscription.ts';
import { QueuedMessage, type SendQuota } from './queued-message.ts';

const noIdentifiers: readonly number[] = Object.freeze([]);

/**
 * Messages of QoS 1 that were sent side by side under identifiers that follow one another, and wait for their PUBACKs.
 * One of them becomes a message of its own when somebody asks for it.
 */
export class SentRun {
  readonly firstId: number;
  readonly count: number;
  /** The connection whose send quota they use. */
  readonly sentOn: SendQuota;
  readonly #kept: KeptRun;
  /** Which of the kept messages is the first. */
  readonly #offset: number;
  readonly #firstSequence: number;

  constructor(
    firstId: number,
    count: number,
    firstSequence: number,
    kept: KeptRun,
    offset: number,
    sentOn: SendQuota,
  ) {
    this.firstId = firstId;
    this.count = count;
    this.#firstSequence = firstSequence;
    this.#kept = kept;
    this.#offset = offset;
    this.sentOn = sentOn;
  }

  covers(packetId: number): boolean {
    return packetId >= this.firstId && packetId < this.firstId + this.count;
  }

  /** Topic and payload. */
  size(packetId: number): number {
    return this.#kept.size(packetId - this.firstId + this.#offset);
  }

  messageOf(packetId: number): QueuedMessage {
    const index = packetId - this.firstId;
    const content = this.#kept.content(index + this.#offset);
    const entry = new QueuedMessage(
      this.#firstSequence + index,
      new Copy(content, 1, false, noIdentifiers, undefined),
    );
    entry.packetId = packetId;
    entry.state = 'sent';
    entry.sentOn = this.sentOn;
    return entry;
  }
}
