/**
 * The rule a topic name or filter breaks.
 *
 * The ids are those of MQTT 5.0; 3.1.1 has the same rules, some under other numbers. `maximumBytes` and
 * `maximumLevels` are no rules of the standard but limits this broker was given ({@link TopicLimits}).
 */
export type TopicRule =
  /** The text must be valid Unicode: no lone surrogate. */
  | 'MQTT-1.5.4-1'
  /** No wildcard in a topic name. */
  | 'MQTT-4.7.0-1'
  /** `#` takes up a whole level, and the last one. */
  | 'MQTT-4.7.1-1'
  /** `+` takes up a whole level. */
  | 'MQTT-4.7.1-2'
  /** Not empty. */
  | 'MQTT-4.7.3-1'
  /** No U+0000. */
  | 'MQTT-4.7.3-2'
  /** At most 65,535 bytes of UTF-8. */
  | 'MQTT-4.7.3-3'
  /** A shared filter has a ShareName of one character or more. */
  | 'MQTT-4.8.2-1'
  /** The ShareName has no wildcard, and a `/` and a topic filter come after it. */
  | 'MQTT-4.8.2-2'
  | 'maximumBytes'
  | 'maximumLevels';

/** Why a text is no topic name, or no topic filter. */
export interface TopicFault {
  readonly rule: TopicRule;
  /** What is wrong, where, and what would be right. Never repeats the text itself, so it is safe to log. */
  readonly message: string;
}

/** @internal Names a place the way a person counts: characters and levels from one. */
export function describePlace(index: number, level: number): string {
  return `at character ${index + 1} (level ${level})`;
}
