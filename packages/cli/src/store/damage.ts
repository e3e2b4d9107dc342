/** Tells damaged records on standard error, and remembers that there were any. */
export class Damage {
  #count = 0;

  /** To be handed to whoever reads. */
  readonly tell = (key: string, error: Error): void => {
    this.#count++;
    process.stderr.write(`carillon: left out, because it cannot be read: ${key}: ${error.message}\n`);
  };

  /** The exit code, after the sum where there is one. */
  sum(): number {
    if (this.#count === 0) return 0;
    process.stderr.write(`carillon: ${this.#count} damaged records were left out\n`);
    return 1;
  }
}
