import type { BigIntStats } from 'node:fs';

/** There is no file that can be read; the message says why: `it is no file`. */
export class UnfitFileError extends Error {
  override readonly name = 'UnfitFileError';
  readonly code = 'FILE_UNFIT';
  /** What goes on from the name of the file: `is no file`. */
  readonly fault: string;

  constructor(fault: string) {
    super(`it ${fault}`);
    this.fault = fault;
  }
}

/**
 * Tells one state of a file from another.
 *
 * @throws {UnfitFileError} for what is not to be read at all: a pipe would keep the reader waiting for ever.
 */
export function appearanceOf(stats: BigIntStats, maximumBytes: number): string {
  if (!stats.isFile()) throw new UnfitFileError('is no file');
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  if (size > maximumBytes) throw new UnfitFileError(`has ${size} bytes; ${maximumBytes} are allowed`);
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
