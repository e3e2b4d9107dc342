import { EngineBroker, type EngineOptions } from '@carillon/broker';
import type { ProtocolVersion } from '@carillon/protocol';
import {
  type ConnectDraft,
  Laboratory,
  type LaboratoryClientOptions,
  type LaboratoryOptions,
  PacketClient,
} from '@carillon/testkit';

/** How the clients of a world speak, and under what seed and clock they live. */
export interface WorldOptions extends LaboratoryOptions {
  /** Of clients that do not say it themselves. Default: 5. */
  protocolVersion?: ProtocolVersion;
  /** That of another world, whose broker this one follows, as after a restart. Default: a new one. */
  laboratory?: Laboratory;
}

/** A client's options, its laboratory being known. */
export type ClientOptions = Omit<LaboratoryClientOptions, 'laboratory'>;

/** A broker alone in a laboratory, and the ways to come to it. */
export interface BrokerWorld {
  readonly laboratory: Laboratory;
  readonly broker: EngineBroker;
  /** A client whose CONNECT was accepted. A text stands for its client id. */
  connect(draft?: ConnectDraft | string, options?: ClientOptions): Promise<PacketClient>;
  /** A connection on which nothing was said yet. */
  newcomer(options?: ClientOptions): PacketClient;
}

/**
 * A broker in a laboratory. `$SYS` topics are off, so that nothing is published but by the test.
 *
 * @example
 * ```ts
 * const { connect, laboratory } = world({ limits: { receiveMaximum: 2 } });
 * const alice = await connect({ clientId: 'alice', keepAlive: 10 });
 * await laboratory.advance(15_000);
 * ```
 */
export function world(options: EngineOptions = {}, worldOptions: WorldOptions = {}): BrokerWorld {
  const { protocolVersion = 5, laboratory = new Laboratory(worldOptions) } = worldOptions;
  const engineOptions = { systemTopicInterval: 0, logger: laboratory.logger, ...options };
  const broker = new EngineBroker(engineOptions, laboratory.platform);
  return {
    laboratory,
    broker,
    connect: (draft = {}, clientOptions = {}) => {
      const said = typeof draft === 'string' ? { clientId: draft } : draft;
      return laboratory.connect(broker, said, { protocolVersion, ...clientOptions });
    },
    newcomer: (clientOptions = {}) =>
      PacketClient.connect(broker, { protocolVersion, ...clientOptions, laboratory }),
  };
}
