export {
  type FilterPattern,
  parseFilterPattern,
  type TopicParameters,
  TopicPatternError,
} from './filter-pattern.ts';
export { FilterTree } from './filter-tree.ts';
export { NameTree } from './name-tree.ts';
export { parseSharedFilter, type SharedFilter } from './shared-filter.ts';
export type { TopicFault, TopicRule } from './topic-fault.ts';
export { defaultTopicLimits, type TopicLimits } from './topic-limits.ts';
export { filterCovers, filtersOverlap, matchesFilter } from './topic-matching.ts';
export { findTopicFilterFault, findTopicNameFault, hasWildcards, isSystemTopic } from './topic-validity.ts';
