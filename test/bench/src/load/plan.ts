// What a generator is told to do, and what it answers: plain values, for they go from process to process.
import type { Version } from './frames.ts';
import type { Faults } from './tally.ts';
import type { Address } from './transport.ts';

/** How a broker is reached, by MQTT and by the system. */
export interface Access {
  readonly address: Address;
  readonly brokerPid: number;
}

/** What every load needs to know. */
export interface Ground extends Access {
  /** The broker at the other end of a bridge: where subscribers are, when there is one. */
  readonly far?: Access;
  /** Not measured: the broker's code is compiled, caches fill. */
  readonly warmSeconds: number;
  readonly seconds: number;
}

export type Layout =
  /** Each publisher has a topic and a subscriber of its own; `first` is the number of the first pair. */
  | { readonly kind: 'pairs'; readonly pairs: number; readonly first?: number }
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

/** Connections that come and go, so many at a time. */
export interface CyclesPlan extends Ground {
  readonly load: 'cycles';
  /** CONNECT and away, or CONNECT, SUBSCRIBE, PUBLISH to itself, DISCONNECT. */
  readonly cycle: 'connect' | 'session';
  readonly atATime: number;
}

/** Connections that subscribe once and then say nothing. */
export interface IdlePlan extends Ground {
  readonly load: 'idle';
  readonly connections: number;
}

/** How the filters of a tree look; a message matches exactly one of them, whichever they are. */
export type TreeShape = 'exact' | 'plus' | 'hash' | 'mixed';

/** Many subscriptions, and messages that look for the one that matches. */
export interface TreePlan extends Ground {
  readonly load: 'tree';
  readonly filters: number;
  readonly shape: TreeShape;
}

/** Many retained messages, sent to one new subscriber after the other. */
export interface RetainedPlan extends Ground {
  readonly load: 'retained';
  readonly messages: number;
}

/** QoS 1 to sessions whose clients are away, who then come back for what waits. */
export interface OfflinePlan extends Ground {
  readonly load: 'offline';
  readonly sessions: number;
  readonly publishers: number;
  readonly window: number;
}

/** Well-behaved clients beside a subscriber that stops reading and publishers that never stop. */
export interface OverloadPlan extends Ground {
  readonly load: 'overload';
}

export type LoadPlan =
  | MessagesPlan
  | CyclesPlan
  | IdlePlan
  | TreePlan
  | RetainedPlan
  | OfflinePlan
  | OverloadPlan;

export interface LoadResult {
  /** By name; each scenario says what its figures mean. */
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: Faults;
  /** The generator's own use of its core while it measured, 0 to 1. */
  readonly generatorShare: number;
}

/** A load that stands ready: everybody who is there from the beginning is connected. */
export interface ReadyLoad {
  run(): Promise<LoadResult>;
}

/** Bytes the broker has in memory: as they are, or once its garbage has been collected. */
export type ReadMemory = (how: MemoryReading) => Promise<number>;

export type MemoryReading = 'as it is' | 'collected';
