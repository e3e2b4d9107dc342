import type { Broker, Clock, ScheduledTask } from '@carillon/hooks';
import type { EventStream } from './event-stream.ts';
import type { HttpLimits } from './options.ts';
import { Problem } from './problem.ts';

interface Held {
  readonly stream: EventStream;
  /** An identity; where there is none, an address. */
  readonly owner: string;
  /** Set while nobody reads. */
  expiry: ScheduledTask | undefined;
}

/**
 * The streams of a bridge, those counted whose reader is away and may come back. Where there is no room, the one whose
 * reader has been away the longest has to go.
 */
export class HeldStreams {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #limits: HttpLimits;
  /** By client id; those whose reader is away in the order in which he left. */
  readonly #held = new Map<string, Held>();
  /** On their way in. */
  #arriving = 0;

  constructor(broker: Broker, clock: Clock, limits: HttpLimits) {
    this.#broker = broker;
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#held.size;
  }

  get(clientId: string): EventStream | undefined {
    return this.#held.get(clientId)?.stream;
  }

  *[Symbol.iterator](): IterableIterator<EventStream> {
    for (const { stream } of this.#held.values()) yield stream;
  }

  /**
   * Keeps a place for a stream that is on its way in, until the function that it gives is called.
   *
   * @throws {Problem} 503 when all places are taken by readers.
   */
  reserve(): () => void {
    if (this.#held.size + this.#arriving >= this.#limits.maximumStreams && !this.#makeRoom(() => true)) {
      const detail = `there are ${this.#limits.maximumStreams} streams already`;
      throw new Problem(503, detail, { headers: { 'Retry-After': '5' } });
    }
    this.#arriving++;
    return () => {
      this.#arriving--;
    };
  }

  /** @throws {Problem} 429 when the owner reads as many streams as allowed. */
  add(stream: EventStream, owner: string): void {
    const { maximumStreamsPerIdentity } = this.#limits;
    const isOwn = (held: Held): boolean => held.owner === owner;
    const own = [...this.#held.values()].filter((held) => isOwn(held) && held.stream !== stream);
    if (own.length >= maximumStreamsPerIdentity && !this.#makeRoom(isOwn)) {
      const detail = `you have ${maximumStreamsPerIdentity} streams already`;
      throw new Problem(429, detail, { headers: { 'Retry-After': '5' } });
    }
    this.forget(stream);
    this.#held.set(stream.clientId, { stream, owner, expiry: undefined });
  }

  /** Nobody reads it any more: it waits, as its session does. */
  readerLeft(stream: EventStream): void {
    const held = this.#held.get(stream.clientId);
    if (held?.stream !== stream) return;
    this.forget(stream);
    if (this.#limits.streamExpiry === 0) return;
    const expiry = this.#clock.schedule(this.#limits.streamExpiry * 1000, () => this.forget(stream));
    this.#held.set(stream.clientId, { ...held, expiry });
  }

  forget({ clientId }: EventStream): void {
    this.#held.get(clientId)?.expiry?.cancel();
    this.#held.delete(clientId);
  }

  /** The broker closes: what is stored waits there. */
  clear(): void {
    for (const { stream, expiry } of this.#held.values()) {
      expiry?.cancel();
      stream.close();
    }
    this.#held.clear();
  }

  #makeRoom(mayGo: (held: Held) => boolean): boolean {
    for (const held of this.#held.values()) {
      if (held.expiry === undefined || !mayGo(held)) continue;
      this.forget(held.stream);
      this.#broker.endSession(held.stream.clientId);
      return true;
    }
    return false;
  }
}
