import type { ByteChannel } from '@carillon/hooks';
import { InjectedFault } from './fault-plan.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What is wrong with a channel. */
export interface ChannelFaults {
  /** Decides which bits flip. */
  random: SeededRandom;
  /** The probability, for each byte that is received, that one of its bits is flipped. Default: 0. */
  flipReceived?: number;
  /** The same for bytes that are sent. */
  flipSent?: number;
  /** The number of the `write`, beginning with 1, that throws an `InjectedFault`. */
  throwAtWrite?: number;
}

/**
 * A channel whose bytes come to harm on the way, or whose transport is at fault itself.
 *
 * @example
 * ```ts
 * const random = laboratory.random.fork('noise');
 * const wrap = (channel: ByteChannel) => faultyChannel(channel, { random, flipReceived: 0.001 });
 * const client = PacketClient.connect(broker, { laboratory, wrap });
 * ```
 */
export function faultyChannel(channel: ByteChannel, faults: ChannelFaults): ByteChannel {
  const { random, flipReceived = 0, flipSent = 0, throwAtWrite } = faults;
  let writes = 0;
  return {
    open: (receiver) =>
      channel.open({
        received: (chunk) => receiver.received(withFlippedBits(chunk, flipReceived, random)),
        drained: () => receiver.drained(),
        closed: (error) => receiver.closed(error),
      }),
    write(pieces) {
      if (++writes === throwAtWrite) throw new InjectedFault(`write ${writes} was to fail.`);
      channel.write(pieces.map((piece) => withFlippedBits(piece, flipSent, random)));
    },
    get unsentBytes() {
      return channel.unsentBytes;
    },
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    end: () => channel.end(),
    destroy: () => channel.destroy(),
  };
}

function withFlippedBits(bytes: Uint8Array, probability: number, random: SeededRandom): Uint8Array {
  if (probability === 0) return bytes;
  return bytes.map((byte) => (random.chance(probability) ? byte ^ (1 << random.integer(8)) : byte));
}
