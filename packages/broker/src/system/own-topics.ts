import { isSystemTopic } from '@carillon/topics';

/** `$SYS` is what the broker tells of itself (§4.7.2); `$carillon` is what it and its plugins keep for themselves. */
const roots = ['$SYS', '$carillon'];

/** Whether only the broker and its host publish there. */
export function isOwnTopic(topic: string): boolean {
  return isSystemTopic(topic) && roots.some((root) => isBelow(topic, root));
}

/** Whether a filter asks for what no client is told: `$carillon` and what lies below it. */
export function asksForHiddenTopics(filter: string): boolean {
  return isSystemTopic(filter) && isBelow(filter, '$carillon');
}

/** Why nobody else may publish there. */
export const ownTopicsReason = "the topics under $SYS and $carillon are the broker's own";

function isBelow(path: string, root: string): boolean {
  return path.startsWith(root) && (path.length === root.length || path.charAt(root.length) === '/');
}
