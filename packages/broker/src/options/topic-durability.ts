import type { Durability } from '@carillon/persistence';
import { findTopicFilterFault } from '@carillon/topics';
import { OptionError } from './option-error.ts';

/** What acknowledgements of the messages of some topics promise. */
export interface TopicDurability {
  /** The topics, `$share` has no meaning here. */
  readonly filter: string;
  /** `memory`: these messages are not stored at all. */
  readonly durability: Durability;
}

const durabilities: readonly unknown[] = ['memory', 'written', 'synced'];

/** @throws OptionError naming the place in the list. */
export function settleTopicDurability(
  given: readonly TopicDurability[] | undefined,
): readonly TopicDurability[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    throw new OptionError('durabilityByTopic', given, 'a list of { filter, durability }');
  }
  for (const [i, { filter, durability }] of given.entries()) {
    const key = `durabilityByTopic[${i}]`;
    const fault = typeof filter === 'string' ? findTopicFilterFault(filter) : { message: 'it is no text' };
    if (fault !== undefined)
      throw new OptionError(`${key}.filter`, filter, `a topic filter: ${fault.message}`);
    if (!durabilities.includes(durability)) {
      throw new OptionError(`${key}.durability`, durability, `one of ${durabilities.join(', ')}`);
    }
  }
  return [...given];
}
