/*
 * What aedes-persistence-mongodb asks of a database of MongoDB, in memory: the real backend runs on it where no
 * server is. Documents go through BSON, so they come back as the driver would have them.
 */
import { deserialize, serialize } from 'bson';

type Document = Record<string, unknown>;
type Change = { readonly $set: Document };
type Write =
  | { readonly updateOne: { readonly filter: Document; readonly update: Change; readonly upsert: boolean } }
  | { readonly deleteOne: { readonly filter: Document } };

/** In which order a query without `sort` brings documents, given in the order of arrival: MongoDB promises none. */
export type QueryOrder = (documents: readonly Document[]) => readonly Document[];

export class DocumentDatabase {
  readonly #order: QueryOrder;
  readonly #collections = new Map<string, DocumentCollection>();

  constructor(order: QueryOrder) {
    this.#order = order;
  }

  collection(name: string): DocumentCollection {
    const known = this.#collections.get(name) ?? new DocumentCollection(this.#order);
    this.#collections.set(name, known);
    return known;
  }
}

class DocumentCollection {
  readonly #order: QueryOrder;
  /** In the order of arrival. */
  #stored: Stored[] = [];

  constructor(order: QueryOrder) {
    this.#order = order;
  }

  get size(): number {
    return this.#stored.length;
  }

  async createIndex(): Promise<void> {}

  find(filter: Document): Query {
    const found = this.#stored.filter(fitting(filter));
    return new Query(this.#order(found.map(({ bytes }) => deserialize(bytes))));
  }

  async findOne(filter: Document): Promise<Document | null> {
    const found = this.#stored.find(fitting(filter));
    return found === undefined ? null : deserialize(found.bytes);
  }

  async findOneAndDelete(filter: Document): Promise<Document | null> {
    const index = this.#indexOf(filter);
    const [found] = index === -1 ? [] : this.#stored.splice(index, 1);
    return found === undefined ? null : deserialize(found.bytes);
  }

  async insertOne(document: Document): Promise<void> {
    this.#stored.push(storedFrom(document));
  }

  async insertMany(documents: readonly Document[]): Promise<void> {
    for (const document of documents) await this.insertOne(document);
  }

  async updateOne(filter: Document, { $set }: Change, { upsert = false } = {}): Promise<void> {
    const index = this.#indexOf(filter);
    if (index === -1 && !upsert) return;
    const known = this.#stored[index];
    const document = known === undefined ? { ...filter } : deserialize(known.bytes);
    for (const [path, value] of Object.entries($set)) setAt(document, path.split('.'), value);
    this.#stored.splice(index === -1 ? this.#stored.length : index, 1, storedFrom(document));
  }

  async deleteOne(filter: Document): Promise<void> {
    await this.findOneAndDelete(filter);
  }

  async deleteMany(filter: Document): Promise<void> {
    const fits = fitting(filter);
    this.#stored = this.#stored.filter((stored) => !fits(stored));
  }

  async bulkWrite(writes: readonly Write[]): Promise<void> {
    for (const write of writes) {
      if ('deleteOne' in write) await this.deleteOne(write.deleteOne.filter);
      else await this.updateOne(write.updateOne.filter, write.updateOne.update, write.updateOne);
    }
  }

  #indexOf(filter: Document): number {
    return this.#stored.findIndex(fitting(filter));
  }
}

interface Stored {
  readonly bytes: Uint8Array;
  /** The same, to be looked at only. */
  readonly document: Document;
}

function storedFrom(document: Document): Stored {
  const bytes = serialize(document, { ignoreUndefined: false });
  return { bytes, document: deserialize(bytes) };
}

class Query {
  #documents: readonly Document[];

  constructor(documents: readonly Document[]) {
    this.#documents = documents;
  }

  project(fields: Document): this {
    this.#documents = this.#documents.map((document) => {
      return Object.fromEntries(Object.entries(document).filter(([name]) => !(name in fields)));
    });
    return this;
  }

  async toArray(): Promise<readonly Document[]> {
    return this.#documents;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Document> {
    yield* this.#documents;
  }
}

/** Looks at many documents: what can be known of the filter beforehand is. */
function fitting(filter: Document): (stored: Stored) => boolean {
  const conditions = Object.entries(filter).map(([path, wanted]) => ({
    path: path.split('.'),
    accepts: acceptanceOf(wanted),
  }));
  return ({ document }) => conditions.every(({ path, accepts }) => accepts(valueAt(document, path)));
}

function valueAt(document: Document, path: readonly string[]): unknown {
  let value: unknown = document;
  for (const name of path) value = isDocument(value) ? value[name] : undefined;
  return value;
}

function acceptanceOf(wanted: unknown): (value: unknown) => boolean {
  if (wanted instanceof RegExp) return (value) => typeof value === 'string' && wanted.test(value);
  if (!isDocument(wanted)) return (value) => value === wanted;
  const { $gte, $nin } = wanted;
  if (Array.isArray($nin)) return (value) => !$nin.includes(value);
  if (typeof $gte === 'number') return (value) => typeof value === 'number' && value >= $gte;
  throw new Error(`an operator that nobody has asked for yet: ${Object.keys(wanted).join()}`);
}

function setAt(document: Document, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    document[name] = value;
    return;
  }
  const inner = document[name];
  if (!isDocument(inner)) throw new Error(`nothing is in ${name}`);
  setAt(inner, rest, value);
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
