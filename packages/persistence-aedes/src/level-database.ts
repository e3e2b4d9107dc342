/** The part of an abstract-level database that aedes-persistence-level uses. */
export interface LevelDatabase {
  /** The value of a key, `undefined` when there is none. */
  get(key: string, options?: object): Promise<unknown>;
  /** Makes all of the changes or none. */
  batch(changes: LevelChange[], options?: object): Promise<void>;
  /** Deletes every key in the range. */
  clear(range: LevelRange): Promise<void>;
  /** The values in a {@link LevelRange}, which may carry options of the database too, in the order of their keys. */
  values(range: object): AsyncIterable<unknown>;
  /** Closes the database; what was asked for before is written first. */
  close(): Promise<void>;
}

/** One change of a batch. */
export type LevelChange =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

/** A range of keys, in the order of their UTF-8 bytes; a bound that is absent does not bound. */
export interface LevelRange {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
}

/** Whether a key is in a range, by the order of UTF-8 bytes, as LevelDB compares. */
export function covers({ gt, gte, lt, lte }: LevelRange, key: string): boolean {
  return (
    (gt === undefined || compare(key, gt) > 0) &&
    (gte === undefined || compare(key, gte) >= 0) &&
    (lt === undefined || compare(key, lt) < 0) &&
    (lte === undefined || compare(key, lte) <= 0)
  );
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
