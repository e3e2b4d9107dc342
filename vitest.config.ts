import { configDefaults, defineConfig } from 'vitest/config';

/** The engine has no state of its process, and neither have its tests: they may share a worker's modules. */
const engine = [
  'packages/{protocol,topics,hooks,persistence,broker,testkit}/test/**/*.test.ts',
  'test/conformance/**/*.test.ts',
];

export default defineConfig({
  resolve: { conditions: ['carillon-source'] },
  ssr: { resolve: { conditions: ['carillon-source'] } },
  test: {
    pool: 'threads',
    // vitest would leave one core to itself, half of a small machine.
    maxWorkers: '100%',
    testTimeout: 15_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'engine',
          include: engine,
          benchmark: { include: ['packages/*/bench/**/*.bench.ts'] },
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'around it',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'docs/examples/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...engine],
          benchmark: { include: [] },
        },
      },
    ],
  },
});
