import { Problem } from './problem.ts';

/** The parameters of a request by name, each in the order given. */
export type Query = ReadonlyMap<string, readonly string[]>;

/**
 * Reads what stands behind the question mark. A plus sign is a plus sign, as it stands in a topic filter, and no space as
 * in forms of HTML.
 */
export function readQuery(text: string): Query {
  const query = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodePart(equals === -1 ? pair : pair.slice(0, equals), 'the query');
    const value = equals === -1 ? '' : decodePart(pair.slice(equals + 1), `the parameter "${name}"`);
    const values = query.get(name);
    if (values === undefined) query.set(name, [value]);
    else values.push(value);
  }
  return query;
}

/** @throws {Problem} when a percent sign does not begin an octet, or the octets are no UTF-8. */
export function decodePart(text: string, where: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem(400, `${where} is not percent-encoded UTF-8: a percent sign is written %25`);
  }
}

/** A mistyped parameter would otherwise be one that silently does nothing. */
export function refuseUnknown(query: Query, known: readonly string[], others: ReadonlySet<string>): void {
  for (const name of query.keys()) {
    if (known.includes(name) || others.has(name)) continue;
    throw new Problem(400, `there is no parameter ${JSON.stringify(name)}; there are ${known.join(', ')}`);
  }
}
