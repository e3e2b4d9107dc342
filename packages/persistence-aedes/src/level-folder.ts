import { messageOf } from '@carillon/hooks/checks';
import { unpack } from 'msgpackr';
import { readPacket, type StoredPacket } from './aedes-packet.ts';
import type { Readable } from './backend.ts';
import { type IdForm, storeClientId } from './client-ids.ts';
import { sessionSlot } from './session-slot.ts';
import { readFormat } from './store-format.ts';

/** The part of an abstract-level database that is needed to read what Aedes wrote. */
export interface ReadableLevel {
  /** The value of a key, `undefined` when there is none. */
  get(key: string, options: object): Promise<unknown>;
  /** Keys and values of a span, in the order of the keys. */
  iterator(options: LevelSpan & typeof encodings): AsyncIterable<[string, unknown]>;
  /** The keys of a span, in order. */
  keys(options: LevelSpan & { readonly keyEncoding: 'utf8' }): AsyncIterable<string>;
}

/** The keys from `gte` on, up to but without `lt`. */
export interface LevelSpan {
  readonly gte: string;
  readonly lt: string;
}

const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
const keyEncoding = 'utf8';

/** What stands before the first colon of a key. */
type Space = 'subscriptions' | 'outgoing' | 'incoming' | 'retained' | 'will';

/**
 * A database as aedes-persistence-level lays it out:
 *
 *     subscriptions : client : filter                  retained : topic
 *     outgoing      : client : broker : counter        will     : client
 *     outgoing-id   : client : packet id               incoming : client : packet id
 *
 * Client ids are encoded as in a URI, so the colon after one is the first; numbers have 16 digits, so they sort.
 * Values are MessagePack. Before version 8.0.1 neither was so: numbers are sorted here then, and client ids that
 * would have had to be encoded are told as damaged.
 */
export class LevelFolder implements Readable {
  readonly #level: ReadableLevel;
  #sorts: Promise<boolean> | undefined = undefined;

  constructor(level: ReadableLevel) {
    this.#level = level;
  }

  /** How client ids are written in it: Carillon has said so, Aedes knows only one way. */
  async idForm(): Promise<IdForm> {
    const stored = await this.slot(storeClientId, sessionSlot);
    return stored === undefined
      ? 'plain'
      : readFormat(new TextDecoder().decode(stored.payload), 'the folder').ids;
  }

  /** Everybody of whom anything but a Will is stored, as they are written; or why a key names nobody. */
  async *ids(): AsyncGenerator<string | Error> {
    const seen = new Set<string>();
    for (const space of ['subscriptions', 'outgoing', 'incoming'] as const) {
      for await (const key of this.#level.keys({ ...spanOf(space), keyEncoding })) {
        const written = key.slice(space.length + 1).split(':')[0] ?? '';
        if (seen.has(written)) continue;
        seen.add(written);
        yield decodedId(written) ?? new Error(`${key} does not name a client as this layout does`);
      }
    }
  }

  async subscriptions(id: string): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for await (const [, value] of this.#values('subscriptions', id)) found.push(value);
    return found;
  }

  async *queue(id: string): AsyncGenerator<StoredPacket | Error> {
    this.#sorts ??= this.#hasShortNumbers();
    if (!(await this.#sorts)) {
      yield* this.#packets('outgoing', id);
      return;
    }
    const keys: string[] = [];
    for await (const key of this.#level.keys({ ...spanOf('outgoing', id), keyEncoding })) keys.push(key);
    keys.sort(byBrokerAndNumber);
    for (const key of keys) yield packetOf(key, unpackOr(await this.#level.get(key, encodings)));
  }

  retained(): AsyncGenerator<StoredPacket | Error> {
    return this.#packets('retained');
  }

  wills(): AsyncGenerator<StoredPacket | Error> {
    return this.#packets('will');
  }

  async slot(id: string, number: number): Promise<StoredPacket | undefined> {
    const key = `incoming:${encodeURIComponent(id)}:${String(number).padStart(16, '0')}`;
    const value = await this.#level.get(key, encodings);
    return value instanceof Uint8Array ? readPacket(unpack(value)) : undefined;
  }

  /** Numbers of the packets that came from the client and are not released yet. */
  async incomingNumbers(id: string): Promise<number[]> {
    const numbers: number[] = [];
    for await (const key of this.#level.keys({ ...spanOf('incoming', id), keyEncoding })) {
      numbers.push(numberIn(key));
    }
    return numbers;
  }

  async #hasShortNumbers(): Promise<boolean> {
    for await (const key of this.#level.keys({ ...spanOf('outgoing'), keyEncoding })) {
      if (!sortedKey.test(key)) return true;
    }
    return false;
  }

  async *#packets(space: Space, id?: string): AsyncGenerator<StoredPacket | Error> {
    for await (const [key, value] of this.#values(space, id)) yield packetOf(key, value);
  }

  async *#values(space: Space, id?: string): AsyncGenerator<[key: string, value: unknown]> {
    for await (const [key, value] of this.#level.iterator({ ...spanOf(space, id), ...encodings })) {
      yield [key, unpackOr(value)];
    }
  }
}

/** Of a queue entry, when the numbers sort. */
const sortedKey = /:\d{16}$/;

function byBrokerAndNumber(a: string, b: string): number {
  const [brokerA, brokerB] = [a, b].map((key) => key.slice(0, key.lastIndexOf(':')));
  if (brokerA !== brokerB) return (brokerA ?? '') < (brokerB ?? '') ? -1 : 1;
  return numberIn(a) - numberIn(b);
}

function numberIn(key: string): number {
  return Number(key.slice(key.lastIndexOf(':') + 1));
}

/** Undefined when it is not written as this layout writes it, so that nothing would be found under the id. */
function decodedId(written: string): string | undefined {
  try {
    const id = decodeURIComponent(written);
    return id !== '' && encodeURIComponent(id) === written ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Keys of a space, or of one client in it. The semicolon is what follows the colon. */
function spanOf(space: Space, id?: string): LevelSpan {
  const prefix = id === undefined ? space : `${space}:${encodeURIComponent(id)}`;
  return { gte: `${prefix}:`, lt: `${prefix};` };
}

function unpackOr(value: unknown): unknown {
  try {
    return value instanceof Uint8Array ? unpack(value) : value;
  } catch (error) {
    return error;
  }
}

function packetOf(key: string, value: unknown): StoredPacket | Error {
  try {
    if (value instanceof Error) throw value;
    return readPacket(value);
  } catch (error) {
    return new Error(`${key} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
