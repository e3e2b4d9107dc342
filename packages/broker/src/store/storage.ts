import { type Durability, memoryStore, type Store } from '@carillon/persistence';
import { matchesFilter } from '@carillon/topics';
import { OptionError } from '../options/option-error.ts';
import type { TopicDurability } from '../options/topic-durability.ts';

const ranks: readonly Durability[] = ['memory', 'written', 'synced'];

export function isStronger(a: Durability, b: Durability): boolean {
  return ranks.indexOf(a) > ranks.indexOf(b);
}

/** The store of a broker and what is asked of it. May be changed until the broker starts. */
export class Storage {
  #store: Store;
  #isChosen: boolean;
  readonly #wanted: Durability | undefined;
  readonly #byTopic: readonly TopicDurability[];

  constructor(
    store: Store | undefined,
    durability: Durability | undefined,
    byTopic: readonly TopicDurability[] = [],
  ) {
    this.#store = store ?? memoryStore();
    this.#isChosen = store !== undefined;
    this.#wanted = durability;
    this.#byTopic = byTopic;
  }

  get store(): Store {
    return this.#store;
  }

  /** What acknowledgements promise: what was asked for, or all the store can do. */
  get durability(): Durability {
    return this.#wanted ?? this.#store.supports.durability;
  }

  /** What acknowledgements of a topic's messages promise. */
  durabilityOf(topic: string): Durability {
    if (this.#byTopic.length === 0) return this.durability;
    return this.#byTopic.find(({ filter }) => matchesFilter(filter, topic))?.durability ?? this.durability;
  }

  /** Whether the messages of a topic are not stored at all, while others are. */
  isVolatile(topic: string): boolean {
    return this.#byTopic.length > 0 && this.durability !== 'memory' && this.durabilityOf(topic) === 'memory';
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
    this.#checkPromise('durability', this.durability);
    for (const [i, { durability }] of this.#byTopic.entries()) {
      this.#checkPromise(`durabilityByTopic[${i}].durability`, durability);
    }
  }

  #checkPromise(key: string, promise: Durability): void {
    const { durability } = this.#store.supports;
    if (!isStronger(promise, durability)) return;
    throw new OptionError(key, promise, `at most "${durability}" with the store "${this.#store.name}"`);
  }
}
