import type { Message } from '@carillon/persistence';
import { BundleWriter } from './bundle.ts';
import type { Changes } from './changes.ts';
import { keyOf } from './keys.ts';
import type { BundlePlace } from './queue-chunk.ts';
import type { StoreIndex } from './store-index.ts';
import { numberCodec } from './values.ts';

/** Who waits for a message of the batch. */
interface Waiting {
  entries: number;
  /** Depends on which sessions they are. */
  mixture: number;
  place: BundlePlace | undefined;
}

/**
 * The bundles of one batch: which messages go together into new ones, and how many entries refer to each. A message
 * that one entry waits for is in no bundle.
 */
export class BundlePlan {
  readonly #index: StoreIndex;
  readonly #gatheredCounts: ReadonlyMap<number, number>;
  readonly #counts = new Map<number, number>();
  readonly #waiting = new Map<Message, Waiting>();
  /** The bundle that is being filled, for each set of sessions. */
  readonly #open = new Map<string, BundleWriter>();
  readonly #writers: BundleWriter[] = [];
  #next: number;

  constructor(index: StoreIndex, gatheredCounts: ReadonlyMap<number, number>) {
    this.#index = index;
    this.#gatheredCounts = gatheredCounts;
    this.#next = index.nextBundle;
  }

  /** An entry of the session with that number will be stored. Called for all of them before any is. */
  note(message: Message, session: number): void {
    const known = this.#waiting.get(message);
    if (known === undefined) {
      this.#waiting.set(message, { entries: 1, mixture: session, place: undefined });
      return;
    }
    known.entries++;
    known.mixture = (Math.imul(known.mixture, 31) + session) | 0;
  }

  /** What an entry that is stored now has for its message. */
  contentFor(message: Message): Message | BundlePlace {
    const waiting = this.#waiting.get(message);
    if (waiting === undefined || waiting.entries < 2) return message;
    waiting.place ??= this.#placeFor(message, waiting);
    const { bundle } = waiting.place;
    this.#counts.set(bundle, this.#countOf(bundle) + 1);
    return waiting.place;
  }

  /** An entry that referred to the bundle is gone. */
  release(bundle: number): void {
    if (bundle !== 0) this.#counts.set(bundle, this.#countOf(bundle) - 1);
  }

  write({ put, remove }: Changes): void {
    for (const writer of this.#writers) put(keyOf.bundle(writer.number), writer.record());
    for (const [bundle, count] of this.#counts) {
      if (count > 0) {
        put(keyOf.bundleCount(bundle), numberCodec.write(count));
        continue;
      }
      remove(keyOf.bundleCount(bundle));
      remove(keyOf.bundle(bundle));
    }
  }

  settle(): void {
    this.#index.nextBundle = this.#next;
    for (const [bundle, count] of this.#counts) {
      if (count > 0) this.#index.bundleCounts.set(bundle, count);
      else this.#index.bundleCounts.delete(bundle);
    }
  }

  /** Messages for the same sessions go together: then a bundle goes as soon as these have been served. */
  #placeFor(message: Message, { entries, mixture }: Waiting): BundlePlace {
    const audience = `${entries} ${mixture}`;
    let writer = this.#open.get(audience);
    if (writer === undefined || writer.isFull) {
      writer = new BundleWriter(this.#next++);
      this.#open.set(audience, writer);
      this.#writers.push(writer);
    }
    return { bundle: writer.number, place: writer.add(message) };
  }

  #countOf(bundle: number): number {
    return (
      this.#counts.get(bundle) ??
      this.#index.bundleCounts.get(bundle) ??
      this.#gatheredCounts.get(bundle) ??
      0
    );
  }
}
