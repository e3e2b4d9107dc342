import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FilterTree, filtersOverlap } from '../src/index.ts';

/** Every kind of level, and so few of them that filters often meet. */
const filters = fc
  .tuple(fc.array(fc.constantFrom('', 'a', 'b', '$a', '+'), { maxLength: 4 }), fc.boolean())
  .map(([levels, isOpenEnded]) => [...levels, ...(isOpenEnded ? ['#'] : [])].join('/'))
  .filter((filter) => filter !== '');

test('overlapping visits the filters that have a topic in common with the given one, each once', () => {
  fc.assert(
    fc.property(fc.uniqueArray(filters, { maxLength: 30 }), filters, (held, asked) => {
      const tree = new FilterTree<string>();
      for (const filter of held) tree.set(filter, filter);
      const found: string[] = [];
      tree.overlapping(asked, (value, filter) => {
        expect(value).toBe(filter);
        found.push(value);
      });
      expect(found.sort()).toEqual(held.filter((filter) => filtersOverlap(filter, asked)).sort());
    }),
    { numRuns: 2000 },
  );
});

test('overlapping meets only what fits the beginning of the filter', () => {
  const tree = new FilterTree<number>();
  for (let index = 0; index < 1000; index++) tree.set(`devices/${index}/+`, index);
  const found: number[] = [];
  tree.overlapping('devices/7/#', (value) => found.push(value));
  expect(found).toEqual([7]);
});
