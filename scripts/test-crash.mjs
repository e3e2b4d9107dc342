// `pnpm test:crash --rounds 100 --seed 7`: the long version of what `npm test` does in a few rounds, and every
// fault at every store call and every byte, those on the line of a bridge too, of which `npm test` tries some.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run } from './run.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const { code } = await run(
  { file: 'pnpm', args: ['exec', 'vitest', 'run', 'test/crash'] },
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, CRASH_ROUNDS: values.rounds, CRASH_SEED: values.seed, CRASH_ALL: '1' },
  },
);
process.exitCode = code;
