import { definePlugin, type Plugin } from '@carillon/hooks';
import type { Store } from '@carillon/persistence';
import { AedesStore } from './aedes-store.ts';
import type { AedesStoreOptions } from './aedes-store-options.ts';
import type { AedesPersistenceInstance } from './instance.ts';

/**
 * Keeps sessions, queues, retained messages and Wills, all of MQTT 5.0 included, on an aedes-persistence
 * backend. What such a backend cannot promise is in the store's `supports`, and is told once to the logger.
 *
 * @throws TypeError when the instance is none, or an option cannot be.
 *
 * @example
 * ```ts
 * import redis from 'aedes-persistence-redis';
 *
 * broker.use(aedesPersistence(redis({ host: 'localhost' })));
 * ```
 */
export function aedesPersistence(
  instance: AedesPersistenceInstance,
  options: AedesStoreOptions = {},
): Plugin {
  return definePlugin({ name: 'persistence-aedes', persistence: aedesStore(instance, options) });
}

/** The store itself, for tools that read it without a broker. */
export function aedesStore(instance: AedesPersistenceInstance, options: AedesStoreOptions = {}): Store {
  return new AedesStore(instance, options);
}
