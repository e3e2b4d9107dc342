import type { RawData, WebSocket } from 'ws';
import type { ByteChannel, ChannelReceiver } from './channel.ts';
import { type ChannelOptions, defaultLingerTimeout } from './duplex-channel.ts';
import { ChannelError } from './errors.ts';

/**
 * Makes a {@link ByteChannel} of an open server-side WebSocket of the `ws` package. Every `write` leaves as one
 * binary message. From this call on the channel owns the WebSocket. Must be called in the same turn in which
 * `ws` handed the WebSocket out, so that no message is missed.
 *
 * @example
 * webSocketServer.on('connection', (socket) => {
 *   broker.handle(channelFromWebSocket(socket), { transport: 'ws', encrypted: false });
 * });
 */
export function channelFromWebSocket(socket: WebSocket, options: ChannelOptions = {}): ByteChannel {
  return new WebSocketChannel(socket, options.lingerTimeout ?? defaultLingerTimeout);
}

/**
 * Pieces of together at most this many bytes are copied into one frame: one header and one system call.
 * Larger ones leave as fragments of one message, without a copy.
 */
const copyLimit = 64 * 1024;

/** Close codes of RFC 6455, section 7.4.1. */
const normalClosure = 1000;
const unsupportedData = 1003;
const abnormalClosure = 1006;

type State = 'open' | 'ending' | 'closed';

class WebSocketChannel implements ByteChannel {
  readonly #socket: WebSocket;
  readonly #lingerTimeout: number;
  readonly #onTaken = (error?: Error | null): void => {
    if (!error) this.#taken();
  };
  #receiver: ChannelReceiver | null = null;
  #state: State = 'open';
  #owesDrained = false;
  #error: Error | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, lingerTimeout: number) {
    this.#socket = socket;
    this.#lingerTimeout = lingerTimeout;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data, isBinary) => this.#message(data, isBinary));
    socket.on('error', (error) => this.#failed(error));
    socket.once('close', (code) => this.#closed(code));
    if (socket.readyState === socket.CLOSED) this.#state = 'closed';
    // Nobody receives yet: messages wait in the socket.
    socket.pause();
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  open(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
    if (this.#state === 'closed') process.nextTick(() => receiver.closed(this.#error));
    else this.#socket.resume();
  }

  write(pieces: readonly Uint8Array[]): void {
    const [first] = pieces;
    if (this.#state !== 'open' || first === undefined || this.#socket.readyState !== this.#socket.OPEN)
      return;
    if (pieces.length === 1) this.#send(first, true);
    else if (totalLength(pieces) <= copyLimit) this.#send(Buffer.concat(pieces), true);
    else this.#sendFragments(pieces);
    this.#owesDrained = this.#socket.bufferedAmount > 0;
  }

  pause(): void {
    if (this.#state === 'open') this.#socket.pause();
  }

  resume(): void {
    if (this.#state === 'open' && this.#receiver !== null) this.#socket.resume();
  }

  end(): void {
    this.#close(normalClosure, '');
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#state = 'ending';
    this.#socket.terminate();
  }

  #send(piece: Uint8Array, last: boolean): void {
    this.#socket.send(piece, { binary: true, fin: last }, last ? this.#onTaken : undefined);
  }

  #sendFragments(pieces: readonly Uint8Array[]): void {
    const last = pieces.length - 1;
    pieces.forEach((piece, index) => {
      this.#send(piece, index === last);
    });
  }

  #message(data: RawData, isBinary: boolean): void {
    if (this.#state !== 'open') return;
    if (!isBinary) {
      // [MQTT-6.0.0-1]
      this.#error = new ChannelError(
        'CHANNEL_TEXT_FRAME',
        'The peer sent a text frame; MQTT uses binary frames',
      );
      this.#close(unsupportedData, 'MQTT uses binary frames');
      return;
    }
    this.#receiver?.received(bytesOf(data));
  }

  #close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#startLingering();
    this.#socket.close(code, reason);
    // The peer's close frame can only be seen by reading up to it.
    this.#socket.resume();
  }

  #startLingering(): void {
    this.#linger ??= setTimeout(() => this.#lingered(), this.#lingerTimeout).unref();
  }

  #lingered(): void {
    const unsent = this.#socket.bufferedAmount;
    if (unsent > 0) {
      this.#error ??= new ChannelError('CHANNEL_LINGER_TIMEOUT', `The peer left ${unsent} bytes untaken`);
    }
    this.#socket.terminate();
  }

  #taken(): void {
    if (!this.#owesDrained || this.#socket.bufferedAmount > 0) return;
    this.#owesDrained = false;
    if (this.#state === 'open') this.#receiver?.drained();
  }

  /** `ws` has sent the close frame that fits the fault (1002, 1009, …) and waits for the peer's. */
  #failed(error: Error): void {
    if (this.#state !== 'open') return;
    this.#error ??= error;
    this.#state = 'ending';
    this.#startLingering();
    this.#socket.resume();
  }

  #closed(code: number): void {
    clearTimeout(this.#linger);
    if (this.#state === 'open' && code === abnormalClosure) {
      this.#error ??= new ChannelError(
        'CHANNEL_CLOSED_ABNORMALLY',
        'The WebSocket ended without a close frame',
      );
    }
    this.#state = 'closed';
    this.#receiver?.closed(this.#error);
  }
}

function totalLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function bytesOf(data: RawData): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data);
}
