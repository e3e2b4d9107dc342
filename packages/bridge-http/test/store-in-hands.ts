import { memoryStore, type Store } from '@carillon/persistence';

/** A store in memory that waits with each batch while `isHeld`, and fails while `fails`. */
export class StoreInHands implements Store {
  readonly name = 'in-hands';
  readonly #memory = memoryStore();
  readonly supports = this.#memory.supports;
  fails = false;
  #held: Promise<void> | undefined = undefined;
  #release: () => void = () => {};

  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#held = undefined;
    this.#release();
  }

  open() {
    return this.#memory.open();
  }

  load() {
    return this.#memory.load();
  }

  async commit(...[batch, durability]: Parameters<Store['commit']>): Promise<void> {
    await this.#held;
    if (this.fails) throw new Error('the disk is full');
    await this.#memory.commit(batch, durability);
  }

  readQueue(...args: Parameters<Store['readQueue']>) {
    return this.#memory.readQueue(...args);
  }

  close() {
    return this.#memory.close();
  }
}
