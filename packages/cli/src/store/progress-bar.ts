import type { CopyProgress } from '@carillon/persistence';

const width = 30;
/** Milliseconds between two pictures. */
const interval = 100;

/** Draws how far a copy has come; draws nothing where nobody looks. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(progress: CopyProgress): void {
    if (!this.#stream.isTTY || performance.now() - this.#drawnAt < interval) return;
    this.#drawnAt = performance.now();
    this.#stream.write(`\r\u001b[K${drawn(progress)}`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
  }
}

/** One line: the bar is for the messages, whose number is known once the records are through. */
export function drawn({ records, entries, expectedEntries }: CopyProgress): string {
  if (entries === 0) return `${records} records`;
  const share = Math.min(1, entries / expectedEntries);
  const full = Math.round(share * width);
  const bar = '#'.repeat(full) + '-'.repeat(width - full);
  return `[${bar}] ${Math.floor(share * 100)} %, ${entries} of ${expectedEntries} messages`;
}
