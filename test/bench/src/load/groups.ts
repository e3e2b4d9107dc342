/** Fifty at a time: a broker's backlog of connections is not endless. */
const AT_A_TIME = 50;

/** Makes something of each, in order, a group at a time. */
export async function inGroups<In, Out>(
  all: readonly In[],
  make: (one: In, index: number) => Promise<Out>,
): Promise<Out[]> {
  const made: Out[] = [];
  for (let from = 0; from < all.length; from += AT_A_TIME) {
    const group = all.slice(from, from + AT_A_TIME).map((one, offset) => make(one, from + offset));
    made.push(...(await Promise.all(group)));
  }
  return made;
}

/** 0, 1, 2 … */
export function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
