import type { QoS } from '@carillon/protocol';

/** Which way messages go: `out` to the remote broker, `in` from it. */
export type Direction = 'out' | 'in' | 'both';

/** What happens to the RETAIN flag. */
export type RetainRule =
  /** It is carried over. */
  | 'keep'
  /** It is taken off: the receiving broker retains nothing. */
  | 'clear'
  /** Only messages that have it are carried over. */
  | 'only';

interface CommonTopicOptions {
  /** Default `out`, as in Mosquitto. */
  readonly direction?: Direction;
  /** The highest QoS at which messages are carried. Default 0, as in Mosquitto. */
  readonly qos?: QoS;
  /** Default `keep`. With `clear`, what is retained already is not sent at the beginning either. */
  readonly retain?: RetainRule;
}

/** A filter with a prefix on each side, as in Mosquitto's `topic` lines. */
export interface PrefixedTopicOptions extends CommonTopicOptions {
  /** The part of the topics that both brokers share; may be empty when there are prefixes. */
  readonly filter: string;
  /** Stands before it here. Default: none. */
  readonly localPrefix?: string;
  /** Stands before it on the remote broker. Default: none. */
  readonly remotePrefix?: string;
}

/**
 * A filter for each side. Wildcards may have names, as in `sensors/{id}/+`: a name stands for the same level on
 * both sides, wherever that is; the first bare `+` of one is the first of the other, and `#` or `{rest...}` is the end.
 */
export interface MappedTopicOptions extends CommonTopicOptions {
  /** The topics here, such as `sensors/{id}/+`. */
  readonly local: string;
  /** The same topics on the remote broker, such as `plant7/{id}/+`. */
  readonly remote: string;
}

/** What a bridge carries. */
export type TopicOptions = PrefixedTopicOptions | MappedTopicOptions;
