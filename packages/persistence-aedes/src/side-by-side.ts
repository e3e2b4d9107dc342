/**
 * Works on items side by side, so many at a time, and yields what comes of them in their order. Nothing is under way
 * while the next items are waited for, so whatever fails is met by somebody.
 */
export async function* sideBySide<Item, Result>(
  items: AsyncIterable<Item> | Iterable<Item>,
  atMost: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  let together: Item[] = [];
  for await (const item of items) {
    together.push(item);
    if (together.length < atMost) continue;
    yield* await Promise.all(together.map(work));
    together = [];
  }
  yield* await Promise.all(together.map(work));
}

/** The same, where nothing comes of it. Gives the count of items. */
export async function allSideBySide<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  atMost: number,
  work: (item: Item) => Promise<void>,
): Promise<number> {
  let count = 0;
  for await (const _ of sideBySide(items, atMost, work)) count++;
  return count;
}
