/** Whether only the broker publishes there: `$SYS` and what lies below it. §4.7.2 */
export function isOwnTopic(topic: string): boolean {
  return topic.startsWith('$SYS') && (topic.length === 4 || topic.charAt(4) === '/');
}
