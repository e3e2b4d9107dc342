import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ByteChannel, ChannelReceiver } from '@carillon/hooks';

/** Milliseconds that a peer has to take what was written and to close its side. */
const lingerTimeout = 5000;

/** Up to so many bytes pieces are copied into one: to write each on its own costs 0.3 to 0.5 µs more for each. */
const mostCopied = 64 * 1024;

/** The bytes of a socket that has connected, or of another duplex stream. */
export class StreamChannel implements ByteChannel {
  readonly #stream: Duplex;
  #receiver: ChannelReceiver | undefined = undefined;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #error: Error | undefined = undefined;
  #linger: NodeJS.Timeout | undefined = undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    // Acknowledgements are small and must not wait for each other.
    if (stream instanceof Socket) stream.setNoDelay(true);
    stream.on('error', (error: Error) => {
      if (this.#state === 'open') this.#error ??= error;
      stream.destroy();
    });
    stream.once('close', () => this.#closed());
    if (stream.closed) this.#state = 'closed';
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  open(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
    if (this.#state === 'closed') {
      process.nextTick(() => receiver.closed(this.#error));
      return;
    }
    this.#stream.on('data', (chunk: Uint8Array) => {
      if (this.#state === 'open') receiver.received(chunk);
    });
    this.#stream.once('end', () => this.end());
    this.#stream.on('drain', () => {
      if (this.#state === 'open') receiver.drained();
    });
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#state !== 'open' || !this.#stream.writable) return;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (bytes <= mostCopied) {
      this.#stream.write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, bytes));
      return;
    }
    this.#stream.cork();
    for (const piece of pieces) this.#stream.write(piece);
    this.#stream.uncork();
  }

  pause(): void {
    if (this.#state === 'open') this.#stream.pause();
  }

  resume(): void {
    if (this.#state === 'open') this.#stream.resume();
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#linger = setTimeout(() => this.#stream.destroy(), lingerTimeout).unref();
    this.#stream.end();
    this.#stream.resume();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#state = 'ending';
    this.#stream.destroy();
  }

  #closed(): void {
    clearTimeout(this.#linger);
    this.#state = 'closed';
    this.#receiver?.closed(this.#error);
  }
}
