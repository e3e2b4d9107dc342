import type { Engine } from '../engine.ts';
import type { Deadline } from '../time/deadlines.ts';

/** Whose silence is timed. */
export interface Listened {
  /** It is not being read from. */
  readonly isPaused: boolean;
  keepAliveRanOut(): void;
}

/**
 * Ends a connection whose client was silent for one and a half times its Keep Alive. [MQTT-3.1.2-22]
 *
 * Packets only leave their time here; the deadline looks at it when it comes due and is set again.
 */
export class KeepAlive {
  readonly #engine: Engine;
  readonly #listened: Listened;
  #deadline: Deadline | undefined = undefined;
  #allowance = 0;
  #lastPacketAt = 0;

  constructor(engine: Engine, listened: Listened) {
    this.#engine = engine;
    this.#listened = listened;
  }

  /** `seconds` is what is in force; 0 turns it off. */
  start(seconds: number): void {
    if (seconds === 0) return;
    this.#allowance = seconds * 1500;
    this.packetCame();
    this.#deadline ??= this.#engine.deadlines.create(() => this.#look());
    this.#deadline.setIn(this.#allowance);
  }

  /** A whole packet came: half a packet, or what the broker sends, does not count. */
  packetCame(): void {
    if (this.#allowance !== 0) this.#lastPacketAt = this.#engine.clock.elapsed();
  }

  stop(): void {
    this.#deadline?.cancel();
    this.#allowance = 0;
  }

  #look(): void {
    if (this.#listened.isPaused) {
      // We have stopped listening to it: its silence proves nothing.
      this.#deadline?.setIn(this.#allowance);
      return;
    }
    const left = this.#lastPacketAt + this.#allowance - this.#engine.clock.elapsed();
    if (left > 0) this.#deadline?.setIn(left);
    else this.#listened.keepAliveRanOut();
  }
}
