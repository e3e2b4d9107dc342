import { FilterTree, matchesFilter } from '@carillon/topics';
import { bench, describe } from 'vitest';

const shapes = {
  exact: (site: number) => `site/${site}/device/state`,
  plus: (site: number) => `site/${site}/+/state`,
  hash: (site: number) => `site/${site}/#`,
};

describe.each(Object.entries(shapes))('one of many filters found, %s', (_, filterFor) => {
  for (const count of [1e3, 1e5]) {
    const tree = new FilterTree<number>();
    for (let site = 0; site < count; site++) tree.set(filterFor(site), site);
    const found: number[] = [];
    let round = 0;
    bench(`among ${count.toLocaleString('en')}`, () => {
      found.length = 0;
      round += 7919;
      tree.collect(`site/${round % count}/device/state`, found);
    });
  }
});

describe('one filter', () => {
  bench('compared with one topic', () => {
    matchesFilter('site/+/device/#', 'site/42/device/state');
  });
});
