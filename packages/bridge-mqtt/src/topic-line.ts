import { BridgeError } from './bridge-error.ts';
import type { PrefixedTopicOptions } from './topic-options.ts';

/**
 * Reads a topic as Mosquitto's configuration writes it: `pattern [out|in|both [qos [local-prefix [remote-prefix]]]]`,
 * with or without the word `topic` before it. `""` stands for nothing.
 *
 * @throws {BridgeError} `BRIDGE_OPTION_INVALID`
 */
export function readTopicLine(line: string): PrefixedTopicOptions {
  const words = line.trim().split(/\s+/);
  if (words[0] === 'topic' && words.length > 1) words.shift();
  const [pattern, direction = 'out', qos = '0', localPrefix, remotePrefix, ...more] = words.map(unquoted);
  if (pattern === undefined || more.length > 0) throw wrong(line, 'it has one to five words');
  if (direction !== 'out' && direction !== 'in' && direction !== 'both') {
    throw wrong(line, `the direction is out, in or both, not ${direction}`);
  }
  if (qos !== '0' && qos !== '1' && qos !== '2') throw wrong(line, `the QoS is 0, 1 or 2, not ${qos}`);
  return {
    filter: pattern,
    direction,
    qos: qos === '0' ? 0 : qos === '1' ? 1 : 2,
    ...(localPrefix ? { localPrefix } : {}),
    ...(remotePrefix ? { remotePrefix } : {}),
  };
}

function unquoted(word: string): string {
  return word === '""' ? '' : word;
}

function wrong(line: string, why: string): BridgeError {
  const form = 'topic [out|in|both [qos [local-prefix [remote-prefix]]]]';
  return new BridgeError('BRIDGE_OPTION_INVALID', `topics: "${line}" is not "${form}": ${why}`);
}
