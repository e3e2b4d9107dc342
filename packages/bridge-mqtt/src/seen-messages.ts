/** Ranges of numbers kept for each origin; the lowest are forgotten first. */
const rangesKept = 4096;
/** Origins remembered for each way; the one that was quiet longest is forgotten first. */
const originsKept = 256;

/**
 * Which messages came by which way, so that one that comes by two is taken once. A stamp is an origin and a number
 * that rises by one: what has been seen of an origin is a few ranges, however much that is.
 *
 *     way ─► origin ─► [1–5000] [5003–9120]
 */
export class SeenMessages {
  readonly #ways = new Map<string, Map<string, Ranges>>();

  /** Whether it came by another way before; if not, it has now come by this one. The same way may repeat itself. */
  isSeen(stamp: string, way: string): boolean {
    const read = readStamp(stamp);
    if (read === undefined) return false;
    for (const [other, origins] of this.#ways) {
      if (other !== way && origins.get(read.origin)?.has(read.number) === true) return true;
    }
    this.#rangesOf(way, read.origin).add(read.number);
    return false;
  }

  /** It came by this way but was not taken. */
  forget(stamp: string, way: string): void {
    const read = readStamp(stamp);
    if (read !== undefined) this.#ways.get(way)?.get(read.origin)?.remove(read.number);
  }

  /** The way is no more. */
  forgetWay(way: string): void {
    this.#ways.delete(way);
  }

  #rangesOf(way: string, origin: string): Ranges {
    const origins = this.#ways.get(way) ?? new Map<string, Ranges>();
    this.#ways.set(way, origins);
    const ranges = origins.get(origin) ?? new Ranges();
    origins.delete(origin);
    origins.set(origin, ranges);
    if (origins.size > originsKept) {
      const [oldest] = origins.keys();
      if (oldest !== undefined) origins.delete(oldest);
    }
    return ranges;
  }
}

/** `origin:number` */
export function makeStamp(origin: string, number: number): string {
  return `${origin}:${number}`;
}

function readStamp(stamp: string): { readonly origin: string; readonly number: number } | undefined {
  const [, origin = '', digits = ''] = /^([\w.@:-]{1,160}):(\d{1,15})$/.exec(stamp) ?? [];
  return origin === '' ? undefined : { origin, number: Number(digits) };
}

/** Whole numbers as disjoint ranges in rising order. */
class Ranges {
  #ranges: { first: number; last: number }[] = [];

  has(number: number): boolean {
    const range = this.#ranges[this.#indexOf(number)];
    return range !== undefined && range.first <= number;
  }

  add(number: number): void {
    const at = this.#indexOf(number);
    const next = this.#ranges[at];
    const previous = this.#ranges[at - 1];
    if (next !== undefined && next.first <= number) return;
    const joinsPrevious = previous?.last === number - 1;
    const joinsNext = next?.first === number + 1;
    if (joinsPrevious && joinsNext) {
      previous.last = next.last;
      this.#ranges.splice(at, 1);
    } else if (joinsPrevious) previous.last = number;
    else if (joinsNext) next.first = number;
    else this.#ranges.splice(at, 0, { first: number, last: number });
    if (this.#ranges.length > rangesKept) this.#ranges.shift();
  }

  remove(number: number): void {
    const at = this.#indexOf(number);
    const range = this.#ranges[at];
    if (range === undefined || range.first > number) return;
    const parts = [
      { first: range.first, last: number - 1 },
      { first: number + 1, last: range.last },
    ].filter(({ first, last }) => first <= last);
    this.#ranges.splice(at, 1, ...parts);
  }

  /** The first range that does not end before the number. New numbers are the highest: looked for from the end. */
  #indexOf(number: number): number {
    let at = this.#ranges.length;
    while (at > 0 && (this.#ranges[at - 1]?.last ?? 0) >= number) at--;
    return at;
  }
}
