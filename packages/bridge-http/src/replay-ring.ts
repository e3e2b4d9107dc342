/** One event of a stream, ready to be sent. */
export interface StreamEvent {
  /** Rises by one from event to event. */
  readonly number: number;
  readonly frame: Buffer;
  /** It is in the reader's connection now, or never will be: the message behind it is settled. */
  readonly settle: () => void;
}

/**
 * The latest events of a stream, for a reader who comes back. Bounded in number and bytes; the newest is kept whatever
 * its size.
 */
export class ReplayRing {
  readonly #events = new Map<number, StreamEvent>();
  readonly #maximumEvents: number;
  readonly #maximumBytes: number;
  #bytes = 0;

  constructor(maximumEvents: number, maximumBytes: number) {
    this.#maximumEvents = maximumEvents;
    this.#maximumBytes = maximumBytes;
  }

  /** The number of the oldest event that is still there; undefined when there is none. */
  get oldest(): number | undefined {
    const first = this.#events.keys().next();
    return first.done === true ? undefined : first.value;
  }

  get(number: number): StreamEvent | undefined {
    return this.#events.get(number);
  }

  /** Gives those that had to go. */
  add(event: StreamEvent): readonly StreamEvent[] {
    this.#events.set(event.number, event);
    this.#bytes += event.frame.length;
    const gone: StreamEvent[] = [];
    for (const old of this.#events.values()) {
      const isFull = this.#events.size > this.#maximumEvents || this.#bytes > this.#maximumBytes;
      if (!isFull || old === event) break;
      this.#events.delete(old.number);
      this.#bytes -= old.frame.length;
      gone.push(old);
    }
    return gone;
  }
}
