import type { Message } from '@carillon/persistence';
import type { PublishRun } from '@carillon/protocol';
import { copyBytes, viewOf } from '../connection/output-slab.ts';
import { type Content, MadeMessage } from './content.ts';

/** Bytes that messages share at most: one of them that is not settled keeps the others in memory too. */
const longestPiece = 8 * 1024;

/**
 * Messages in flight that came side by side, in bytes of their own which they share. Each of them is made when
 * somebody asks for it: hooks, the host, the next connection. Mostly it is acknowledged before anybody does.
 */
export class KeptRun {
  readonly count: number;
  /** All that they have in common. */
  readonly #pattern: Message;
  readonly #bytes: Uint8Array;
  /** Where the payload of each lies. */
  readonly #starts: readonly number[];
  readonly #ends: readonly number[];
  #contents: (Content | undefined)[] | undefined = undefined;

  constructor(pattern: Message, bytes: Uint8Array, starts: readonly number[], ends: readonly number[]) {
    this.count = starts.length;
    this.#pattern = pattern;
    this.#bytes = bytes;
    this.#starts = starts;
    this.#ends = ends;
  }

  /** Topic and payload. */
  size(index: number): number {
    return this.#pattern.topic.length + (this.#ends[index] ?? 0) - (this.#starts[index] ?? 0);
  }

  /** The same object each time: in memory once, however many receivers there are. */
  content(index: number): Content {
    this.#contents ??= new Array<Content | undefined>(this.count).fill(undefined);
    const content = this.#contents[index] ?? this.#make(index);
    this.#contents[index] = content;
    return content;
  }

  #make(index: number): Content {
    const payload = viewOf(this.#bytes, this.#starts[index] ?? 0, this.#ends[index] ?? 0);
    return new MadeMessage({ ...this.#pattern, payload });
  }
}

/** Copies a run of QoS 1, in pieces of which none is long unless a single message is. */
export function keepRun({ source, start, payloadStarts, ends }: PublishRun, pattern: Message): KeptRun[] {
  const pieces: KeptRun[] = [];
  let pieceStart = start;
  let pieceEnd = start;
  let starts: number[] = [];
  let endings: number[] = [];
  const keepPiece = (): void => {
    const bytes = new Uint8Array(pieceEnd - pieceStart);
    copyBytes(source, pieceStart, pieceEnd, bytes, 0);
    pieces.push(new KeptRun(pattern, bytes, starts, endings));
  };
  for (let index = 0; index < ends.length; index++) {
    const end = ends[index] ?? 0;
    if (end - pieceStart > longestPiece && starts.length > 0) {
      keepPiece();
      pieceStart = pieceEnd;
      starts = [];
      endings = [];
    }
    starts.push((payloadStarts[index] ?? 0) - pieceStart);
    endings.push(end - pieceStart);
    pieceEnd = end;
  }
  keepPiece();
  return pieces;
}
