/** What kept a store from doing what it was asked. */
export type StoreFailure =
  /** No room is left; publishers are told 0x97 Quota exceeded. */
  | 'full'
  /** The medium failed. */
  | 'io'
  /** The store is not open. */
  | 'closed'
  /** Another process has it. */
  | 'locked'
  /** Its contents were written by a newer version. */
  | 'newer-format'
  /** Its contents cannot be read. */
  | 'damaged';

const codes = {
  full: 'STORE_FULL',
  io: 'STORE_IO_ERROR',
  closed: 'STORE_CLOSED',
  locked: 'STORE_LOCKED',
  'newer-format': 'STORE_FORMAT_NEWER',
  damaged: 'STORE_DAMAGED',
} as const satisfies Record<StoreFailure, string>;

/**
 * The error a store throws. Any other error is treated as `io`; this one lets the broker tell a publisher more
 * exactly what is wrong.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: (typeof codes)[StoreFailure];
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.failure = failure;
    this.code = codes[failure];
  }
}
