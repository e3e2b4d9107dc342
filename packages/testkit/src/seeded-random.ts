import type { RandomSource } from '@carillon/hooks';

/** What a random sequence begins with. The same seed gives the same sequence, everywhere and for ever. */
export type Seed = number | string;

/** Random bytes in the shape the broker asks for, with the draws that tests need besides. */
export interface SeededRandom extends RandomSource {
  /** What it was made from: print it, and the run can be repeated. */
  readonly seed: Seed;
  /** A whole number from 0 to `limit` - 1. */
  integer(limit: number): number;
  /** A number from 0 up to, not including, 1. */
  fraction(): number;
  /** True in about `probability` of all cases: 0 is never, 1 is always. */
  chance(probability: number): boolean;
  /** One of `choices`. Throws a `RangeError` when there is none. */
  pick<Choice>(choices: readonly Choice[]): Choice;
  /** A copy of `items` in another order. */
  shuffle<Item>(items: readonly Item[]): Item[];
  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /**
   * A sequence of its own, made from this seed and `name`. What is drawn here does not move what is drawn
   * there: a test that adds one more client keeps the faults it had.
   */
  fork(name: string): SeededRandom;
}

/**
 * A random source that repeats itself.
 *
 * @example
 * ```ts
 * const random = seededRandom('three lost connections');
 * random.integer(6); // the same at every run
 * ```
 */
export function seededRandom(seed: Seed): SeededRandom {
  const next = smallFastCounter(seed);

  const fill: RandomSource = (target) => {
    for (let index = 0; index < target.length; index++) target[index] = next() & 0xff;
  };
  const fraction = () => next() / 0x1_0000_0000;
  const integer = (limit: number) => Math.floor(fraction() * limit);

  return Object.assign(fill, {
    seed,
    fraction,
    integer,
    chance: (probability: number) => fraction() < probability,
    pick: <Choice>(choices: readonly Choice[]): Choice => pickFrom(choices, integer),
    shuffle: <Item>(items: readonly Item[]): Item[] => shuffled(items, integer),
    bytes(length: number) {
      const bytes = new Uint8Array(length);
      fill(bytes);
      return bytes;
    },
    fork: (name: string) => seededRandom(`${seed}/${name}`),
  });
}

function pickFrom<Choice>(choices: readonly Choice[], integer: (limit: number) => number): Choice {
  for (const choice of choices.slice(integer(choices.length))) return choice;
  throw new RangeError('There is nothing to pick from.');
}

/** Fisher and Yates: every order is equally likely. */
function shuffled<Item>(items: readonly Item[], integer: (limit: number) => number): Item[] {
  const rest = [...items];
  const result: Item[] = [];
  while (rest.length > 0) result.push(...rest.splice(integer(rest.length), 1));
  return result;
}

/**
 * SFC32, Chris Doty-Humphrey's "small fast counter": three words of chaotic state and a counter, which
 * guarantees a period of at least 2^32. It passes PractRand; it is no secret-keeper, and tests want none.
 */
function smallFastCounter(seed: Seed): () => number {
  let [a, b, c] = seedWords(String(seed));
  let counter = 1;

  const next = () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  // Neighbouring seeds begin alike: the first rounds pull them apart.
  for (let round = 0; round < 15; round++) next();
  return next;
}

/** Three words from a text by FNV-1a, each begun with another basis. */
function seedWords(text: string): [number, number, number] {
  const word = (basis: number) => {
    let hash = basis;
    for (let index = 0; index < text.length; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
    return hash | 0;
  };
  return [word(0x811c9dc5), word(0x9747b28c), word(0x5bd1e995)];
}
