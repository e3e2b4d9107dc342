import { EngineBroker } from '@carillon/broker';
import type { ByteChannel, Clock, Plugin, Remote, Scheduler } from '@carillon/hooks';
import { type Laboratory, MemoryChannel, type SeededRandom } from '@carillon/testkit';

/**
 * The process of a broker, which can die between any two statements: from then on nothing that it would
 * still do reaches the world. Its timers and turns do not come, and its connections are gone.
 */
export class MortalBroker {
  readonly engine: EngineBroker;
  readonly #channels = new Set<ByteChannel>();
  readonly #random: SeededRandom;
  #isAlive = true;

  constructor(laboratory: Laboratory, persistence: (process: MortalBroker) => Plugin, random: SeededRandom) {
    const { clock, scheduler, random: names, logger } = laboratory.platform;
    this.#random = random;
    const platform = { clock: this.#mortalClock(clock), scheduler: this.#mortalScheduler(scheduler) };
    this.engine = new EngineBroker({ logger, systemTopicInterval: 0 }, { ...platform, random: names });
    this.engine.use(persistence(this));
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  start(): void {
    // Settles never when it dies on the way; what else may go wrong is in the log.
    this.engine.start().catch(() => {});
  }

  handle(channel: ByteChannel, remote: Remote): void {
    if (!this.#isAlive) {
      channel.destroy();
      return;
    }
    this.#channels.add(channel);
    this.engine.handle(this.#mortalChannel(channel), remote);
  }

  /** Bytes under way arrive, or do not. */
  kill(): void {
    this.#isAlive = false;
    for (const channel of this.#channels) {
      if (channel instanceof MemoryChannel && this.#random.chance(0.5)) channel.vanish();
      else channel.destroy();
    }
  }

  #whileAlive(run: () => void): () => void {
    return () => {
      if (this.#isAlive) run();
    };
  }

  #mortalClock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      schedule: (delay, task) => clock.schedule(delay, this.#whileAlive(task)),
    };
  }

  #mortalScheduler(scheduler: Scheduler): Scheduler {
    return { atEndOfTurn: (task) => scheduler.atEndOfTurn(this.#whileAlive(task)) };
  }

  #mortalChannel(channel: ByteChannel): ByteChannel {
    return {
      open: (receiver) =>
        channel.open({
          received: (chunk) => this.#whileAlive(() => receiver.received(chunk))(),
          drained: this.#whileAlive(() => receiver.drained()),
          closed: (error) => {
            this.#channels.delete(channel);
            this.#whileAlive(() => receiver.closed(error))();
          },
        }),
      write: (pieces) => this.#whileAlive(() => channel.write(pieces))(),
      get unsentBytes() {
        return channel.unsentBytes;
      },
      pause: () => channel.pause(),
      resume: () => channel.resume(),
      end: this.#whileAlive(() => channel.end()),
      destroy: this.#whileAlive(() => channel.destroy()),
    };
  }
}
