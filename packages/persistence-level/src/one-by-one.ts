/**
 * What comes in lists, one by one. Written by hand: a generator makes three promises of each value, this makes one.
 * As with a generator, one value is asked for at a time.
 */
export function oneByOne<T>(lists: AsyncGenerator<readonly T[]>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
      let list: readonly T[] = [];
      let at = 0;
      async function nextList(): Promise<IteratorResult<T, undefined>> {
        for (;;) {
          const { done, value } = await lists.next();
          if (done) return { done: true, value: undefined };
          const [first] = value;
          if (first === undefined) continue;
          list = value;
          at = 1;
          return { done: false, value: first };
        }
      }
      return {
        next() {
          const value = list[at];
          if (value === undefined) return nextList();
          at++;
          return Promise.resolve({ done: false, value });
        },
        async return() {
          list = [];
          await lists.return(undefined);
          return { done: true, value: undefined };
        },
      };
    },
  };
}
