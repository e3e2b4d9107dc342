/**
 * What the package must do, written in the plainest way there is: the tests compare the two.
 */
export function matchesPlainly(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const given = topic.split('/');
  if (wanted.at(-1) === '#') {
    wanted.pop();
    return given.length >= wanted.length && levelsFit(wanted, given.slice(0, wanted.length));
  }
  return levelsFit(wanted, given);
}

function levelsFit(wanted: readonly string[], given: readonly string[]): boolean {
  return (
    wanted.length === given.length && wanted.every((level, index) => level === '+' || level === given[index])
  );
}

/** All topic names of up to `depth` levels that can be made of the given ones. */
export function listTopics(levels: readonly string[], depth: number): string[] {
  const topics: string[] = [];
  let ofSameDepth = [...levels];
  for (let count = 1; count <= depth; count++) {
    topics.push(...ofSameDepth);
    ofSameDepth = ofSameDepth.flatMap((topic) => levels.map((level) => `${topic}/${level}`));
  }
  return topics.filter((topic) => topic !== '');
}
