import type { Socket } from 'node:net';
import { Arrival, type Refusal, type RefusalCode, type Step } from './arrival.ts';
import { plainAddress, unixPeer } from './networks.ts';

/** What the reception of a listener must know. */
export interface ReceptionRules {
  /** Milliseconds for all handshakes of a connection together. */
  readonly handshakeTimeout: number;
  /** Sockets in a handshake at the same time. */
  readonly maxHandshakes: number;
  readonly onRefused: (refusal: Refusal) => void;
}

/** Whoever reads the stream hears of its errors; a socket without a listener would end the process. */
const ignoreErrors = (): void => {};

interface Wait {
  readonly peer: { readonly address?: string; readonly port?: number };
  /** Not set while the steps go on in the turn of the arrival: most need no longer, and no timer. */
  deadline: NodeJS.Timeout | undefined;
  readonly onClose: () => void;
}

/**
 * Keeps the sockets that were accepted and not yet handed over: limits their number and their time, and tells
 * once why one was turned away.
 */
export class Reception {
  readonly #rules: ReceptionRules;
  readonly #unix: boolean;
  readonly #listener: () => string;
  readonly #waiting = new Map<Arrival, Wait>();
  readonly #onDeparture = (): void => {
    this.#connections--;
  };
  #connections = 0;

  /**
   * @param unix - The sockets are Unix sockets.
   * @param listener - Gives the name of the listener.
   */
  constructor(rules: ReceptionRules, unix: boolean, listener: () => string) {
    this.#rules = rules;
    this.#unix = unix;
    this.#listener = listener;
  }

  /** Connections that were handed over and are still there. */
  get connections(): number {
    return this.#connections;
  }

  /** Sockets that have not finished their handshakes. */
  get handshakes(): number {
    return this.#waiting.size;
  }

  /** Lets a socket in and sends it to its first step. */
  receive(socket: Socket, firstStep: Step): void {
    socket.on('error', ignoreErrors);
    const peer = this.#unix ? unixPeer : socket.remoteAddress;
    if (peer === undefined) {
      // Reset already. What it sent may still be readable, but nobody could say from whom it came.
      this.#turnAway(socket, 'HANDSHAKE_ABANDONED', 'The peer went away before it was accepted');
      return;
    }
    if (this.#waiting.size >= this.#rules.maxHandshakes) {
      this.#turnAway(socket, 'HANDSHAKE_LIMIT', `${this.#waiting.size} sockets are in a handshake already`);
      return;
    }
    const arrival = new Arrival(socket, peer);
    const onClose = () => this.#abandoned(arrival);
    const wait: Wait = { peer: peerOf(socket), deadline: undefined, onClose };
    this.#waiting.set(arrival, wait);
    socket.on('close', onClose);
    firstStep(arrival);
    if (this.#waiting.has(arrival)) wait.deadline = this.#startDeadline(arrival);
  }

  isWaiting(arrival: Arrival): boolean {
    return this.#waiting.has(arrival);
  }

  /**
   * Its handshakes are done: from now on it counts as a connection. Nothing of its arrival is kept for as long as
   * that lasts.
   */
  admit(arrival: Arrival): void {
    const wait = this.#leave(arrival);
    if (wait === undefined) return;
    const { socket, stream } = arrival;
    socket.off('close', wait.onClose);
    socket.prependListener('close', this.#onDeparture);
    if (socket === stream && socket.listenerCount('error') > 1) socket.off('error', ignoreErrors);
    this.#connections++;
  }

  /** Closes the socket at once and tells why. Does nothing for one that has left. */
  refuse(arrival: Arrival, code: RefusalCode, message: string, cause?: Error): void {
    if (this.dismiss(arrival, code, message, cause)) arrival.socket.destroy();
  }

  /** As `refuse`, but leaves the socket to the caller, who is still sending his answer. */
  dismiss(arrival: Arrival, code: RefusalCode, message: string, cause?: Error): boolean {
    const wait = this.#leave(arrival);
    if (wait === undefined) return false;
    this.#report(wait.peer, code, message, cause);
    return true;
  }

  close(): void {
    for (const arrival of [...this.#waiting.keys()]) {
      this.refuse(arrival, 'LISTENER_CLOSED', 'The listener was closed during the handshake');
    }
  }

  #turnAway(socket: Socket, code: RefusalCode, message: string): void {
    this.#report(peerOf(socket), code, message);
    socket.destroy();
  }

  #startDeadline(arrival: Arrival): NodeJS.Timeout {
    const { handshakeTimeout } = this.#rules;
    return setTimeout(() => {
      this.refuse(arrival, 'HANDSHAKE_TIMEOUT', `The handshake was not done within ${handshakeTimeout} ms`);
    }, handshakeTimeout);
  }

  #abandoned(arrival: Arrival): void {
    this.dismiss(arrival, 'HANDSHAKE_ABANDONED', 'The peer went away during the handshake');
  }

  #leave(arrival: Arrival): Wait | undefined {
    const wait = this.#waiting.get(arrival);
    if (wait === undefined) return undefined;
    this.#waiting.delete(arrival);
    clearTimeout(wait.deadline);
    return wait;
  }

  #report(peer: Wait['peer'], code: RefusalCode, message: string, cause?: Error): void {
    const listener = this.#listener();
    this.#rules.onRefused({ code, message, listener, ...peer, ...(cause !== undefined && { cause }) });
  }
}

function peerOf({ remoteAddress, remotePort: port }: Socket): Wait['peer'] {
  if (remoteAddress === undefined) return {};
  const address = plainAddress(remoteAddress);
  return port === undefined ? { address } : { address, port };
}
