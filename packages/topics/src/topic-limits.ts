/** How large a topic name or filter may be. Both numbers are inclusive. */
export interface TopicLimits {
  /** Bytes of UTF-8. The protocol's own ceiling of 65,535 holds even where this is larger. */
  readonly maximumBytes: number;
  /**
   * Levels: the slashes plus one, empty levels counted. Of a shared filter only the part after
   * `$share/Name/` counts, since only that part is matched.
   */
  readonly maximumLevels: number;
}

/** What MQTT can carry in a string, with its two-byte length. [MQTT-4.7.3-3] */
export const protocolMaximumBytes = 65_535;

/**
 * 65,535 bytes, as the protocol allows, and 128 levels, which no sane naming scheme comes near. Each level
 * of a stored filter or retained name costs a tree node, so the level limit is also a limit of memory.
 */
export const defaultTopicLimits: TopicLimits = Object.freeze({
  maximumBytes: protocolMaximumBytes,
  maximumLevels: 128,
});
