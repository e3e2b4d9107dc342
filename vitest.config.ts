import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['carillon-source'] },
  ssr: { resolve: { conditions: ['carillon-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'docs/examples/**/*.test.ts'],
    pool: 'threads',
    testTimeout: 15_000,
  },
});
