import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['carillon-source'] },
  ssr: { resolve: { conditions: ['carillon-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'docs/examples/**/*.test.ts'],
    benchmark: { include: ['packages/*/bench/**/*.bench.ts'] },
    pool: 'threads',
    // vitest would leave one core to itself, half of a small machine.
    maxWorkers: '100%',
    testTimeout: 15_000,
  },
});
