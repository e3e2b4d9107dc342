/** FNV-1a over the UTF-16 units: spreads topics evenly, and gives the same answer in every process. */
export function topicHash(topic: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < topic.length; i++) {
    hash = Math.imul(hash ^ topic.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
