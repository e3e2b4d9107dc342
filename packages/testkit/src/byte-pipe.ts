import type { Laboratory } from './laboratory.ts';
import type { SeededRandom } from './seeded-random.ts';

/** How bytes travel in one direction of a connection in memory. */
export interface BytePipeOptions {
  /**
   * Where chunks are cut on arrival: after so many bytes, at random places, or nowhere (`'merged'`: whatever
   * is under way comes as one chunk). Default: one chunk for each write.
   */
  cut?: number | 'random' | 'merged';
  /** Bytes that may be under way; more stays with the sender, as `unsentBytes`. Default: 65,536. */
  capacity?: number;
  /** Milliseconds of the laboratory's clock that bytes are under way. Default: 0. */
  latency?: number;
  /** The connection breaks when so many bytes have come through, in the middle of a packet if need be. */
  breakAfterBytes?: number;
}

/** Whom a pipe tells. */
export interface BytePipeEnds {
  /** To the sender: nothing is unsent any more. */
  drained(): void;
  received(chunk: Uint8Array): void;
  /** The last byte came; `error` when the sender did not end in order. */
  ended(error?: Error): void;
  /** `breakAfterBytes` were reached. */
  broken(): void;
}

interface UnderWay {
  readonly bytes: Uint8Array;
  /** In the milliseconds of `elapsed()`. */
  readonly arrivesAt: number;
}

/**
 * One direction of a connection in memory.
 *
 * ```
 *   write → unsent ──(while fewer than `capacity` are under way)→ under way ──(latency, reading)→ received
 * ```
 *
 * As with a socket, what is unsent still belongs to the sender; it is copied when it gets under way.
 */
export class BytePipe {
  readonly #laboratory: Laboratory;
  readonly #what: string;
  readonly #ends: BytePipeEnds;
  readonly #options: BytePipeOptions;
  readonly #cuts: SeededRandom;
  #unsent: { readonly bytes: Uint8Array }[] = [];
  #unsentBytes = 0;
  #underWay: UnderWay[] = [];
  #bytesUnderWay = 0;
  #deliveredBytes = 0;
  /** Set when nothing more will be written. */
  #ending: { readonly error: Error | undefined; readonly arrivesAt: number } | undefined;
  #state: 'open' | 'silent' | 'over' = 'open';
  #reading = false;
  #deliveryAwaited = false;

  constructor(laboratory: Laboratory, what: string, options: BytePipeOptions, ends: BytePipeEnds) {
    this.#laboratory = laboratory;
    this.#what = what;
    this.#options = options;
    this.#ends = ends;
    this.#cuts = laboratory.random.fork(`cuts of ${what}`);
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#state === 'over' || this.#ending !== undefined) return;
    for (const bytes of pieces) {
      this.#unsent.push({ bytes });
      this.#unsentBytes += bytes.length;
    }
    this.#take();
    this.#awaitDelivery();
  }

  /** No more is written: after the last byte the receiver is told so, with `error` if the end is no orderly one. */
  end(error?: Error): void {
    if (this.#ending === undefined || error !== undefined) {
      this.#ending = { error, arrivesAt: this.#arrivalOfNow() };
    }
    this.#awaitDelivery();
  }

  /** Forgets what has not got under way yet. */
  discardUnsent(): void {
    this.#unsent = [];
    this.#unsentBytes = 0;
  }

  /** The receiver is gone: nothing comes through any more. */
  abandon(): void {
    this.#state = 'over';
    this.discardUnsent();
    this.#underWay = [];
  }

  /** True when nobody is there to receive. */
  get abandoned(): boolean {
    return this.#state === 'over';
  }

  /** Nothing arrives any more, and nobody is told so. What is written still fills the way. */
  fallSilent(): void {
    if (this.#state === 'open') this.#state = 'silent';
  }

  startReading(): void {
    this.#reading = true;
    this.#awaitDelivery();
  }

  stopReading(): void {
    this.#reading = false;
  }

  /** Moves what fits from the sender to the way: one chunk, however many pieces it was written in. */
  #take(): void {
    const room = (this.#options.capacity ?? 65_536) - this.#bytesUnderWay;
    const length = Math.min(room, this.#unsentBytes);
    if (length === 0) return;
    this.#underWay.push({ bytes: takeBytes(this.#unsent, length), arrivesAt: this.#arrivalOfNow() });
    this.#bytesUnderWay += length;
    this.#unsentBytes -= length;
  }

  #awaitDelivery(): void {
    if (this.#deliveryAwaited || !this.#reading || this.#state !== 'open') return;
    const next = this.#underWay[0] ?? (this.#unsentBytes === 0 ? this.#ending : undefined);
    if (next === undefined) return;
    this.#deliveryAwaited = true;
    this.#laboratory.arriveAt(next.arrivesAt, { what: this.#what, run: () => this.#deliver() });
  }

  #deliver(): void {
    this.#deliveryAwaited = false;
    if (!this.#reading || this.#state !== 'open') return;
    const chunk = this.#nextChunk();
    if (chunk === undefined) this.#deliverEnd();
    else this.#deliverChunk(chunk);
    this.#awaitDelivery();
  }

  #deliverEnd(): void {
    this.#state = 'over';
    this.#ends.ended(this.#ending?.error);
  }

  #deliverChunk(chunk: Uint8Array): void {
    this.#bytesUnderWay -= chunk.length;
    this.#deliveredBytes += chunk.length;
    const unsentBefore = this.#unsentBytes;
    this.#take();
    if (unsentBefore > 0 && this.#unsentBytes === 0) this.#tellDrained();
    this.#ends.received(chunk);
    if (this.#deliveredBytes === this.#options.breakAfterBytes) this.#ends.broken();
  }

  #tellDrained(): void {
    this.#laboratory.scheduler.arrive(`${this.#what}: drained`, () => {
      if (this.#unsentBytes === 0 && this.#state === 'open') this.#ends.drained();
    });
  }

  #nextChunk(): Uint8Array | undefined {
    const arrived = this.#arrived();
    if (arrived.length === 0) return undefined;
    const untilBreak = (this.#options.breakAfterBytes ?? Number.POSITIVE_INFINITY) - this.#deliveredBytes;
    const length = Math.min(this.#chunkLength(arrived), untilBreak);
    return takeBytes(this.#underWay, length);
  }

  #arrived(): readonly UnderWay[] {
    const now = this.#laboratory.clock.elapsed();
    return this.#underWay.filter((part) => part.arrivesAt <= now);
  }

  #chunkLength(arrived: readonly UnderWay[]): number {
    const { cut } = this.#options;
    const all = arrived.reduce((sum, part) => sum + part.bytes.length, 0);
    if (cut === 'merged') return all;
    if (cut === 'random') return 1 + this.#cuts.integer(all);
    const [first] = arrived;
    return Math.min(cut ?? Number.POSITIVE_INFINITY, first?.bytes.length ?? 0);
  }

  #arrivalOfNow(): number {
    return this.#laboratory.clock.elapsed() + (this.#options.latency ?? 0);
  }
}

/** Takes the first `length` bytes away from `parts`, as a copy. */
function takeBytes<Part extends { readonly bytes: Uint8Array }>(parts: Part[], length: number): Uint8Array {
  const taken = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const first = parts.shift();
    if (first === undefined) break;
    const bytes = first.bytes.subarray(0, length - filled);
    const rest = first.bytes.subarray(bytes.length);
    if (rest.length > 0) parts.unshift({ ...first, bytes: rest });
    taken.set(bytes, filled);
    filled += bytes.length;
  }
  return taken;
}
