import { type Durability, memoryStore, type Store } from '@carillon/persistence';
import { OptionError } from '../options/option-error.ts';

const ranks: readonly Durability[] = ['memory', 'written', 'synced'];

/** The store of a broker and what is asked of it. May be changed until the broker starts. */
export class Storage {
  #store: Store;
  #isChosen: boolean;
  readonly #wanted: Durability | undefined;

  constructor(store: Store | undefined, durability: Durability | undefined) {
    this.#store = store ?? memoryStore();
    this.#isChosen = store !== undefined;
    this.#wanted = durability;
  }

  get store(): Store {
    return this.#store;
  }

  /** What acknowledgements promise: what was asked for, or all the store can do. */
  get durability(): Durability {
    return this.#wanted ?? this.#store.supports.durability;
  }

  /** A plugin brings the store. */
  choose(store: Store, plugin: string): void {
    if (this.#isChosen) {
      throw new OptionError(
        'persistence',
        store.name,
        `absent from plugin "${plugin}": the broker has the store "${this.#store.name}" already`,
      );
    }
    this.#store = store;
    this.#isChosen = true;
  }

  /** @throws OptionError when more is asked for than the store can promise. */
  check(): void {
    const { durability } = this.#store.supports;
    if (ranks.indexOf(this.durability) > ranks.indexOf(durability)) {
      throw new OptionError(
        'durability',
        this.durability,
        `at most "${durability}" with the store "${this.#store.name}"`,
      );
    }
  }
}
