import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ByteChannel, ChannelReceiver } from './channel.ts';
import { ChannelError } from './errors.ts';

/** How a channel says goodbye. */
export interface ChannelOptions {
  /**
   * Milliseconds between `end` and the moment a peer that keeps its side open, or does not take what was
   * written, is cut off. Default 5000.
   */
  readonly lingerTimeout?: number;
}

/** Milliseconds; see {@link ChannelOptions.lingerTimeout}. */
export const defaultLingerTimeout = 5_000;

/**
 * Makes a {@link ByteChannel} of any Node duplex stream: a TCP, TLS or Unix socket, an SSH channel, one end of
 * an in-memory pair. From this call on the channel owns the stream: it handles its errors and ends it. The
 * stream must emit `close` when it is over, as every stream of Node does by default.
 *
 * @example
 * const server = net.createServer((socket) => {
 *   broker.handle(channelFromDuplex(socket), { transport: 'stream', encrypted: false });
 * });
 */
export function channelFromDuplex(duplex: Duplex, options: ChannelOptions = {}): ByteChannel {
  return new DuplexChannel(duplex, options.lingerTimeout ?? defaultLingerTimeout);
}

type State =
  /** Both sides may speak. */
  | 'open'
  /** `end` or `destroy` was called, or the peer said its last word: nothing is handed up or accepted for sending. */
  | 'ending'
  /** The stream has emitted `close`. */
  | 'closed';

class DuplexChannel implements ByteChannel {
  readonly #duplex: Duplex;
  readonly #lingerTimeout: number;
  readonly #onTaken: (error?: Error | null) => void;
  #receiver: ChannelReceiver | null = null;
  #state: State = 'open';
  /** True while bytes wait that `drained` has not been called for. */
  #owesDrained = false;
  #error: Error | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(duplex: Duplex, lingerTimeout: number) {
    this.#duplex = duplex;
    this.#lingerTimeout = lingerTimeout;
    // Small packets must not wait for the acknowledgement of earlier ones (Nagle's algorithm).
    if (duplex instanceof Socket) duplex.setNoDelay(true);
    this.#onTaken = (error) => {
      if (!error) this.#taken();
    };
    // Listeners that are made in one place share what they close over. It must not flow before `open`.
    duplex.pause();
    duplex.on('error', (error: Error) => this.#failed(error));
    duplex.on('close', () => this.#closed());
    duplex.on('data', (chunk: unknown) => this.#received(chunk));
    duplex.on('end', () => this.end());
    if (duplex.closed) this.#state = 'closed';
  }

  get unsentBytes(): number {
    return this.#duplex.writableLength;
  }

  open(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
    if (this.#state === 'closed') {
      process.nextTick(() => receiver.closed(this.#error));
      return;
    }
    // A side that ended before we listened emits no further `end`.
    if (this.#duplex.readableEnded) process.nextTick(() => this.end());
    this.#duplex.resume();
  }

  write(pieces: readonly Uint8Array[]): void {
    const duplex = this.#duplex;
    const last = pieces.length - 1;
    if (this.#state !== 'open' || last < 0 || !duplex.writable) return;
    if (last > 0) duplex.cork();
    for (let i = 0; i < last; i++) duplex.write(pieces[i]);
    duplex.write(pieces[last], this.#onTaken);
    if (last > 0) duplex.uncork();
    // What the kernel took within this call needs no notice.
    this.#owesDrained = duplex.writableLength > 0;
  }

  pause(): void {
    if (this.#state === 'open') this.#duplex.pause();
  }

  resume(): void {
    if (this.#state === 'open' && this.#receiver !== null) this.#duplex.resume();
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#linger = setTimeout(() => this.#lingered(), this.#lingerTimeout);
    this.#linger.unref();
    this.#duplex.end();
    // What the peer still says is thrown away: its end can only be seen by reading up to it.
    this.#duplex.resume();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#state = 'ending';
    this.#duplex.destroy();
  }

  #received(chunk: unknown): void {
    if (this.#state !== 'open') return;
    if (chunk instanceof Uint8Array) this.#receiver?.received(chunk);
    else if (typeof chunk === 'string') this.#receiver?.received(Buffer.from(chunk));
    else this.#refuse(new ChannelError('CHANNEL_NOT_BYTES', `The stream gave a ${typeof chunk}, not bytes`));
  }

  #taken(): void {
    if (!this.#owesDrained || this.#duplex.writableLength > 0) return;
    this.#owesDrained = false;
    if (this.#state === 'open') this.#receiver?.drained();
  }

  #lingered(): void {
    const unsent = this.#duplex.writableLength;
    if (unsent === 0) this.#duplex.destroy();
    else this.#refuse(new ChannelError('CHANNEL_LINGER_TIMEOUT', `The peer left ${unsent} bytes untaken`));
  }

  #refuse(error: Error): void {
    this.#error ??= error;
    this.destroy();
  }

  #failed(error: Error): void {
    // After our own `destroy` or `end` a reset by the peer is an ordinary way to go.
    if (this.#state === 'open') this.#error ??= error;
    this.#duplex.destroy();
  }

  #closed(): void {
    clearTimeout(this.#linger);
    this.#state = 'closed';
    this.#receiver?.closed(this.#error);
  }
}
