import { BytePipe, type BytePipeOptions } from './byte-pipe.ts';
import type { Laboratory } from './laboratory.ts';
import { MemoryChannel } from './memory-channel.ts';

/** How bytes travel: alike in both directions, save for what is said of one. */
export interface ChannelPairOptions extends BytePipeOptions {
  toServer?: BytePipeOptions;
  toClient?: BytePipeOptions;
  /** Named in messages. Default: `client`. */
  name?: string;
}

/**
 * Two ends of a connection in memory. What is written at one end arrives at the other when the laboratory
 * settles.
 *
 * @example
 * ```ts
 * const [client, server] = channelPair(laboratory, { cut: 1, toClient: { capacity: 1024 } });
 * broker.handle(server, { transport: 'stream', encrypted: false });
 * client.write([bytes]);
 * await laboratory.settle();
 * ```
 */
export function channelPair(
  laboratory: Laboratory,
  options: ChannelPairOptions = {},
): [client: MemoryChannel, server: MemoryChannel] {
  const { toServer, toClient, name = 'client', ...both } = options;
  const broken = () => {
    client.fail();
    server.fail();
  };
  const pipe = (what: string, more: BytePipeOptions | undefined, ends: Ends): BytePipe =>
    new BytePipe(
      laboratory,
      what,
      { ...both, ...more },
      {
        drained: () => ends.from().drained(),
        received: (chunk) => ends.to().received(chunk),
        ended: (error) => ends.to().ended(error),
        broken,
      },
    );

  const outward = pipe(`bytes from ${name}`, toServer, { from: () => client, to: () => server });
  const homeward = pipe(`bytes to ${name}`, toClient, { from: () => server, to: () => client });
  const client = new MemoryChannel(name, laboratory.scheduler, outward, homeward);
  const server = new MemoryChannel(`server of ${name}`, laboratory.scheduler, homeward, outward);
  return [client, server];
}

/** The channels are made after the pipes between them. */
interface Ends {
  from(): MemoryChannel;
  to(): MemoryChannel;
}
