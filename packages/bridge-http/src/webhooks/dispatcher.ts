/** Something to be done for a topic. */
export interface Task {
  readonly topic: string;
}

/**
 * Lets so many tasks run at a time, in the order in which they came, and never two of one topic: order then holds
 * within each topic, and with one at a time throughout. The owner bounds how many are given to it.
 */
export class Dispatcher<One extends Task> {
  readonly #concurrency: number;
  readonly #run: (task: One) => Promise<void>;
  readonly #waiting: One[] = [];
  /** By topic. */
  readonly #running = new Map<string, One>();

  /** @param run Never rejects. */
  constructor(concurrency: number, run: (task: One) => Promise<void>) {
    this.#concurrency = concurrency;
    this.#run = run;
  }

  /** Tasks that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Tasks that run, then those that wait. */
  *tasks(): IterableIterator<One> {
    yield* this.#running.values();
    yield* this.#waiting;
  }

  add(task: One): void {
    this.#waiting.push(task);
    this.#startNext();
  }

  /** What waits is not begun. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #startNext(): void {
    while (this.#running.size < this.#concurrency) {
      const at = this.#waiting.findIndex(({ topic }) => !this.#running.has(topic));
      const [task] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (task === undefined) return;
      this.#running.set(task.topic, task);
      void this.#run(task).then(() => {
        this.#running.delete(task.topic);
        this.#startNext();
      });
    }
  }
}
