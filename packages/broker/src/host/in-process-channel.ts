import type { ByteChannel, ChannelReceiver, Scheduler } from '@carillon/hooks';

/**
 * The two ends of a connection inside the process: what is written at one arrives at the other at the end of the
 * turn, by reference.
 */
export function inProcessPair(scheduler: Scheduler): [plugin: ByteChannel, broker: ByteChannel] {
  const plugin = new InProcessChannel(scheduler);
  const broker = new InProcessChannel(scheduler);
  plugin.join(broker);
  broker.join(plugin);
  return [plugin, broker];
}

class InProcessChannel implements ByteChannel {
  readonly #scheduler: Scheduler;
  #other: InProcessChannel | undefined = undefined;
  #receiver: ChannelReceiver | undefined = undefined;
  /** Written at the other end and not received here yet. */
  #incoming: Uint8Array[] = [];
  #incomingBytes = 0;
  /** `ending`: nothing more is written at this end; what was, still arrives. */
  #state: 'open' | 'ending' | 'closed' = 'open';
  #isPaused = false;
  #deliveryIsDue = false;
  #closedWasTold = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  join(other: InProcessChannel): void {
    this.#other = other;
  }

  open(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
    this.#awaitDelivery();
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#state === 'open') this.#other?.take(pieces);
  }

  get unsentBytes(): number {
    return this.#other?.waitingBytes ?? 0;
  }

  /** Bytes that have not been received at this end. */
  get waitingBytes(): number {
    return this.#incomingBytes;
  }

  take(pieces: readonly Uint8Array[]): void {
    if (this.#state === 'closed') return;
    for (const piece of pieces) {
      this.#incoming.push(piece);
      this.#incomingBytes += piece.length;
    }
    this.#awaitDelivery();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#awaitDelivery();
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#other?.wakeUp();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#close();
    this.#other?.lose();
  }

  /** The other end has something to say. */
  wakeUp(): void {
    this.#awaitDelivery();
  }

  /** The other end is gone, and what it wrote last with it. */
  lose(): void {
    if (this.#state !== 'closed') this.#close();
  }

  #close(): void {
    this.#state = 'closed';
    this.#incoming = [];
    this.#incomingBytes = 0;
    this.#awaitDelivery();
  }

  #awaitDelivery(): void {
    if (this.#deliveryIsDue) return;
    this.#deliveryIsDue = true;
    this.#scheduler.atEndOfTurn(() => {
      this.#deliveryIsDue = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    const hadBytes = this.#incomingBytes > 0;
    while (this.#state !== 'closed' && !this.#isPaused) {
      const chunk = this.#incoming.shift();
      if (chunk === undefined) break;
      this.#incomingBytes -= chunk.length;
      receiver.received(chunk);
    }
    if (hadBytes && this.#incomingBytes === 0) this.#other?.tellDrained();
    if (this.#other?.isEnding === true && this.#incomingBytes === 0 && this.#state !== 'closed') {
      this.#close();
      this.#other.lose();
    } else if (this.#state === 'closed') this.#tellClosed(receiver);
  }

  /** All that was written here before the end has been received. */
  get isEnding(): boolean {
    return this.#state === 'ending';
  }

  tellDrained(): void {
    if (this.#state === 'open') this.#receiver?.drained();
  }

  #tellClosed(receiver: ChannelReceiver): void {
    if (this.#closedWasTold) return;
    this.#closedWasTold = true;
    receiver.closed();
  }
}
