import type { ByteChannel } from '@carillon/hooks';
import type { Connecting } from './model-client.ts';

/** Which connection ends in the middle: after so many bytes to the broker, or to the client. */
export interface CutAt {
  /** By the order in which they are made, beginning with 0. */
  readonly connection: number;
  readonly towards: 'broker' | 'client';
  readonly afterBytes: number;
}

/** What came through on one connection. */
export interface ConnectionBytes {
  readonly name: string;
  broker: number;
  client: number;
}

/** The connections of one run: counts what comes through on each, or cuts one of them. */
export class CutConnections {
  readonly bytes: ConnectionBytes[] = [];
  readonly #cut: CutAt | undefined;

  constructor(cut: CutAt | undefined) {
    this.#cut = cut;
  }

  /** How the next connection is made. */
  next(name: string): Connecting {
    const count = { name, broker: 0, client: 0 };
    const number = this.bytes.push(count) - 1;
    if (this.#cut === undefined) return { wrap: (channel) => counted(channel, count) };
    if (number !== this.#cut.connection) return {};
    const breaks = { breakAfterBytes: this.#cut.afterBytes };
    return { channel: this.#cut.towards === 'broker' ? { toServer: breaks } : { toClient: breaks } };
  }
}

/** The broker's end, in which every byte is counted. */
function counted(channel: ByteChannel, count: ConnectionBytes): ByteChannel {
  return {
    open: (receiver) =>
      channel.open({
        received(chunk) {
          count.broker += chunk.length;
          receiver.received(chunk);
        },
        drained: () => receiver.drained(),
        closed: (error) => receiver.closed(error),
      }),
    write(pieces) {
      for (const piece of pieces) count.client += piece.length;
      channel.write(pieces);
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
