// What a generator is told to do, and what it answers: plain values, for they go from process to process.
import type { Version } from './frames.ts';
import type { Faults } from './tally.ts';
import type { Address } from './transport.ts';

/** What every load needs to know. */
export interface Ground {
  readonly address: Address;
  readonly brokerPid: number;
  /** Not measured: the broker's code is compiled, caches fill. */
  readonly warmSeconds: number;
  readonly seconds: number;
}

export type Layout =
  /** Each publisher has a topic and a subscriber of its own. */
  | { readonly kind: 'pairs'; readonly pairs: number }
  /** One publisher, one topic, many subscribers. */
  | { readonly kind: 'fan-out'; readonly subscribers: number }
  /** Many publishers with topics of their own, one subscriber with a wildcard. */
  | { readonly kind: 'fan-in'; readonly publishers: number };

export type Pace =
  /** Closed loop: so many messages of each publisher are under way, never more. */
  | { readonly kind: 'window'; readonly messages: number }
  /** Open loop: so many messages a second from all publishers together, whatever the broker does. */
  | { readonly kind: 'rate'; readonly perSecond: number };

/** Messages from publishers to subscribers. */
export interface MessagesPlan extends Ground {
  readonly load: 'messages';
  readonly layout: Layout;
  readonly pace: Pace;
  readonly version: Version;
  readonly qos: 0 | 1 | 2;
  readonly payloadBytes: number;
  /** Of 5.0: what a publisher says besides. */
  readonly extras?: 'properties' | 'aliases';
}

export type LoadPlan = MessagesPlan;

export interface LoadResult {
  /** By name; each scenario says what its figures mean. */
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: Faults;
  /** The generator's own use of its core while it measured, 0 to 1. */
  readonly generatorShare: number;
}
