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
 * Client ids are encoded as in a URI, so the colon after one is the first. Values are MessagePack.
 */
export class LevelFolder implements Readable {
  readonly #level: ReadableLevel;

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

  /** Everybody of whom anything but a Will is stored, as they are written. */
  async *ids(): AsyncGenerator<string> {
    const seen = new Set<string>();
    for (const space of ['subscriptions', 'outgoing', 'incoming'] as const) {
      for await (const key of this.#level.keys({ ...spanOf(space), keyEncoding })) {
        const id = decodeURIComponent(key.slice(space.length + 1).split(':')[0] ?? '');
        if (seen.has(id)) continue;
        seen.add(id);
        yield id;
      }
    }
  }

  async subscriptions(id: string): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for await (const [, value] of this.#values('subscriptions', id)) found.push(value);
    return found;
  }

  queue(id: string): AsyncGenerator<StoredPacket | Error> {
    return this.#packets('outgoing', id);
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
    for await (const key of this.#level.keys({ ...spanOf('incoming', id), keyEncoding }))
      numbers.push(Number(key.split(':').at(-1)));
    return numbers;
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
    return new Error(`${key} cannot be read`, { cause: error });
  }
}
