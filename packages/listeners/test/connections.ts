import type { Accept, ByteChannel, ChannelReceiver, Refusal, Remote } from '../src/index.ts';

/** Values that come one by one, taken in the order of their coming. */
export class Arriving<T> {
  readonly #values: T[] = [];
  readonly #takers: ((value: T) => void)[] = [];

  readonly push = (value: T): void => {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#values.push(value);
    else taker(value);
  };

  /** The next value, as soon as there is one. */
  next(): Promise<T> {
    const value = this.#values.shift();
    return value === undefined
      ? new Promise((resolve) => this.#takers.push(resolve))
      : Promise.resolve(value);
  }

  /** Values that nobody has taken. */
  get left(): number {
    return this.#values.length;
  }
}

/** The end of a connection, as a value: `error` is absent when it ended in order. */
export interface End {
  readonly error?: Error;
}

/** Opens a channel and keeps what it tells. */
export class Connection implements ChannelReceiver {
  readonly channel: ByteChannel;
  readonly remote: Remote;
  readonly ends = new Arriving<End>();
  readonly drains = new Arriving<number>();
  #bytes = Buffer.alloc(0);
  #wanted = new Map<number, () => void>();

  constructor(channel: ByteChannel, remote: Remote = { transport: 'stream', encrypted: false }) {
    this.channel = channel;
    this.remote = remote;
    channel.open(this);
  }

  get count(): number {
    return this.#bytes.length;
  }

  /** All that was received, once it is at least so many bytes. */
  async bytes(count: number): Promise<Buffer> {
    if (this.#bytes.length < count) await new Promise<void>((resolve) => this.#wanted.set(count, resolve));
    return this.#bytes;
  }

  async text(count: number): Promise<string> {
    return (await this.bytes(count)).toString();
  }

  received(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (const [count, resolve] of this.#wanted) if (this.#bytes.length >= count) resolve();
  }

  drained(): void {
    this.drains.push(this.channel.unsentBytes);
  }

  closed(error?: Error): void {
    this.ends.push(error === undefined ? {} : { error });
  }
}

/** What a listener hands over and turns away. */
export interface Doorway {
  readonly accept: Accept;
  readonly onRefused: (refusal: Refusal) => void;
  readonly accepted: Arriving<Connection>;
  readonly refused: Arriving<Refusal>;
}

export function doorway(): Doorway {
  const accepted = new Arriving<Connection>();
  const refused = new Arriving<Refusal>();
  return {
    accept: (channel, remote) => accepted.push(new Connection(channel, remote)),
    onRefused: refused.push,
    accepted,
    refused,
  };
}
