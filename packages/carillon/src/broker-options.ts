import type { EngineOptions, Platform } from '@carillon/broker';

/**
 * What `createBroker` takes; everything has a default.
 *
 * `clock`, `scheduler` and `random` are Node's unless a test gives others: with `{ ...laboratory.platform }` of
 * `@carillon/testkit` the whole broker runs under a clock turned by hand.
 */
export interface BrokerOptions extends EngineOptions, Partial<Platform> {}
