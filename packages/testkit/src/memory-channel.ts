import type { ByteChannel, ChannelReceiver } from '@carillon/hooks';
import type { BytePipe } from './byte-pipe.ts';
import type { ManualScheduler } from './manual-scheduler.ts';

/** How the system says that the other end is gone. */
export function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

/**
 * One end of a connection in memory: a `ByteChannel` that behaves as a TCP socket does, and can do on
 * demand what happens to sockets (`reset`, `vanish`). Made by `channelPair`.
 */
export class MemoryChannel implements ByteChannel {
  /** Which end it is, for messages. */
  readonly name: string;
  readonly #scheduler: ManualScheduler;
  readonly #outgoing: BytePipe;
  readonly #incoming: BytePipe;
  /** `ending`: no more is written, bytes still come. */
  #state: 'open' | 'ending' | 'closed' = 'open';
  #receiver: ChannelReceiver | undefined;
  #paused = false;

  /** @internal Use `channelPair`. */
  constructor(name: string, scheduler: ManualScheduler, outgoing: BytePipe, incoming: BytePipe) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#outgoing = outgoing;
    this.#incoming = incoming;
  }

  open(receiver: ChannelReceiver): void {
    if (this.#receiver !== undefined) throw new Error(`The ${this.name}'s channel was opened already.`);
    this.#receiver = receiver;
    if (this.#state === 'closed') this.#tellClosed();
    else if (!this.#paused) this.#incoming.startReading();
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#state !== 'open') return;
    if (this.#outgoing.abandoned) this.fail();
    else this.#outgoing.write(pieces);
  }

  get unsentBytes(): number {
    return this.#outgoing.unsentBytes;
  }

  pause(): void {
    this.#paused = true;
    this.#incoming.stopReading();
  }

  /** Reads again, what piled up first. */
  resume(): void {
    this.#paused = false;
    if (this.#receiver !== undefined) this.#incoming.startReading();
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#outgoing.end();
  }

  destroy(): void {
    this.#leave();
  }

  /** Closes at once, and lets the other end know by an error (`ECONNRESET` if none is given), as a crash does. */
  reset(error: Error = connectionReset()): void {
    this.#leave(error);
  }

  /** This end is gone and nobody is told, as when a cable is pulled: no byte arrives any more, at either end. */
  vanish(): void {
    this.#outgoing.fallSilent();
    this.#incoming.fallSilent();
  }

  /** @internal The network fails this end: both directions are lost. */
  fail(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#outgoing.abandon();
    this.#incoming.abandon();
    this.#tellClosed(connectionReset());
  }

  /** @internal */
  received(chunk: Uint8Array): void {
    if (this.#state !== 'closed') this.#receiver?.received(chunk);
  }

  /** @internal */
  drained(): void {
    if (this.#state !== 'closed') this.#receiver?.drained();
  }

  /** @internal The other end has finished; what was written before still goes out to it. */
  ended(error?: Error): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (error === undefined) this.#outgoing.end();
    else this.#outgoing.abandon();
    this.#receiver?.closed(error);
  }

  #leave(error?: Error): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#outgoing.discardUnsent();
    this.#outgoing.end(error);
    this.#incoming.abandon();
    this.#tellClosed();
  }

  /** Later, never from inside the call that closed. */
  #tellClosed(error?: Error): void {
    this.#scheduler.arrive(`the ${this.name}'s channel closed`, () => this.#receiver?.closed(error));
  }
}
