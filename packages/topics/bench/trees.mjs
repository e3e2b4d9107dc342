// What a match costs and what a filter weighs, by the number of filters.
//
//   pnpm exec tsc -b packages/topics && node --expose-gc packages/topics/bench/trees.mjs
import { FilterTree, findTopicNameFault, matchesFilter, NameTree } from '@carillon/topics';

const sizes = [1e3, 1e4, 1e5, 1e6];

/** Processor time, the best of five rounds: what else the machine does must not count. */
function nanosecondsPerRun(run, rounds = 100_000) {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5; attempt++) {
    const start = process.cpuUsage();
    for (let round = 0; round < rounds; round++) run(round);
    best = Math.min(best, (process.cpuUsage(start).user * 1000) / rounds);
  }
  return Math.round(best);
}

function bytesKeptBy(make) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const start = process.cpuUsage();
  const made = make();
  const { user } = process.cpuUsage(start);
  globalThis.gc();
  return {
    made,
    bytes: process.memoryUsage().heapUsed - before,
    nanosecondsToAdd: (user * 1000) / made.size,
  };
}

function report(what, count, { bytes, made, nanosecondsToAdd }, run) {
  const columns = [
    what.padEnd(34),
    String(count).padStart(8),
    `${(bytes / made.size).toFixed(0).padStart(6)} B/entry`,
    `${nanosecondsToAdd.toFixed(0).padStart(6)} ns/addition`,
    `${String(nanosecondsPerRun(run)).padStart(6)} ns/match`,
  ];
  console.log(columns.join(' '));
}

/** Topics made anew, as a decoder makes them: a string that was looked up before has its hash already. */
function freshTopic(round, count, end) {
  return `site/${(round * 7919) % count}/device/${end}`;
}

function fill(tree, count, toKey) {
  for (let index = 0; index < count; index++) tree.set(toKey(index), index);
  return tree;
}

console.log(
  'making a topic',
  nanosecondsPerRun((round) => freshTopic(round, 1e6, 'state')),
  'ns, part of every match below',
);
for (const count of sizes) {
  const kept = bytesKeptBy(() => fill(new FilterTree(), count, (index) => `site/${index}/device/state`));
  const into = [];
  report('exact filters', count, kept, (round) => {
    into.length = 0;
    kept.made.collect(freshTopic(round, count, 'state'), into);
  });
}
for (const count of sizes) {
  const kept = bytesKeptBy(() => fill(new FilterTree(), count, (index) => `site/${index}/+/state`));
  const into = [];
  report('site/N/+/state', count, kept, (round) => {
    into.length = 0;
    kept.made.collect(freshTopic(round, count, 'state'), into);
  });
}
for (const count of sizes) {
  // By twos, so that each level takes a node, where a filter that is alone has none.
  const two = (index) => `site/${index >> 1}/+/${index % 2 === 0 ? 'state' : 'level'}`;
  const kept = bytesKeptBy(() => fill(new FilterTree(), count, two));
  const into = [];
  report('site/N/+/state and …/level', count, kept, (round) => {
    into.length = 0;
    kept.made.collect(freshTopic(round, count / 2, 'state'), into);
  });
}
for (const count of sizes) {
  const kept = bytesKeptBy(() => fill(new FilterTree(), count, (index) => `site/${index}/#`));
  const into = [];
  report('site/N/#', count, kept, (round) => {
    into.length = 0;
    kept.made.collect(freshTopic(round, count, 'state'), into);
  });
}
for (const count of sizes) {
  const kept = bytesKeptBy(() => {
    const tree = fill(new FilterTree(), count, (index) => `site/${index}/device/state`);
    for (const filter of ['#', 'site/#', '+/+/device/+', 'site/+/+/state']) tree.set(filter, 1);
    return tree;
  });
  const into = [];
  report('exact and four wild, all matching', count, kept, (round) => {
    into.length = 0;
    kept.made.collect(freshTopic(round, count, 'state'), into);
  });
}
for (const count of sizes) {
  const kept = bytesKeptBy(() => fill(new NameTree(), count, (index) => `site/${index}/device/state`));
  report('names: site/N/+/state, one found', count, kept, (round) => {
    kept.made.match(`site/${(round * 7919) % count}/+/state`, () => {});
  });
  const start = process.cpuUsage();
  let found = 0;
  kept.made.match('site/+/device/#', () => found++);
  const each = Math.round((process.cpuUsage(start).user * 1000) / found);
  console.log(`  all of ${found} by site/+/device/#: ${each} ns each`);
}
console.log(
  'matchesFilter',
  nanosecondsPerRun(() => matchesFilter('site/+/device/#', 'site/42/device/state')),
  'ns',
);
console.log(
  'findTopicNameFault',
  nanosecondsPerRun((round) => findTopicNameFault(freshTopic(round, 1e6, 'state'))),
  'ns with the making of the topic',
);
