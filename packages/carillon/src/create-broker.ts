import type { BrokerOptions } from './broker-options.ts';
import type { CarillonBroker } from './carillon-broker.ts';
import { NodeBroker } from './node-broker.ts';
import { nodeClock, nodeRandom, nodeScheduler } from './node-platform.ts';
import { version } from './version.ts';

/**
 * Makes a broker. It opens nothing by itself: say where it shall `listen`, `attach` it to an HTTP server, or
 * `handle` connections you have. Sessions and messages are kept in memory unless `persistence` says otherwise.
 *
 * @throws {OptionError} `OPTION_INVALID`, with the key, the value and what would be right.
 *
 * @example
 * ```ts
 * import { createBroker } from 'carillon';
 *
 * const broker = createBroker();
 * await broker.listen({ port: 1883 });
 * broker.subscribe('sensors/{id}/temperature', (message) => {
 *   console.log(message.parameters.id, message.text());
 * });
 * ```
 */
export function createBroker(options: BrokerOptions = {}): CarillonBroker {
  const { clock = nodeClock, scheduler = nodeScheduler, random = nodeRandom, ...engineOptions } = options;
  return new NodeBroker({ version: `carillon ${version}`, ...engineOptions }, { clock, scheduler, random });
}
