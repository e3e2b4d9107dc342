/**
 * Finds a name that stands twice in one object of a JSON text. Parsers do not agree on which of the two counts, so
 * that a token with one may be read as somebody else's by its issuer. RFC 7515 §4, RFC 7519 §4
 *
 * @param json valid JSON
 */
export function hasRepeatedMember(json: string): boolean {
  /** The names of each object that is open; `undefined` stands for an array. */
  const open: (Set<unknown> | undefined)[] = [];
  for (const [token, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      // Two names may be written differently and be the same: "sub" and "\u0073ub".
      const name: unknown = JSON.parse(token.slice(0, -colon.length));
      const names = open.at(-1);
      if (names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
}
