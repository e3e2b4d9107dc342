// `npm test`: set up, then every check. All of them run even when an early one fails, so that one run tells all.
// Arguments go to vitest: `npm test -- packages/topics`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';
import { buildPackages, giveUp, installDependencies, requireNode, root, SetupError } from './setup.mjs';

const biome = '@biomejs/biome/bin/biome';
const tsc = 'typescript/bin/tsc';
const typedoc = 'typedoc/bin/typedoc';
const vitest = 'vitest/vitest.mjs';

const failures = [];

try {
  requireNode();
  await installDependencies();
  await check('style', () => runTool(biome, 'check', '--error-on-warnings'));
  await check('types of the packages', build);
  await check('types of the package tests', () => runTool(tsc, '-p', 'tsconfig.tests.json'));
  await check('types of the whole-broker tests', () => runTool(tsc, '-p', 'test'));
  await check('types of the examples', () => runTool(tsc, '-p', 'docs/examples'));
  await check('API pages', () => runTool(typedoc, '--logLevel', 'Warn'));
  const counts = await runTests(process.argv.slice(2));
  report(counts);
} catch (error) {
  giveUp(error);
}

async function check(name, passes) {
  const started = performance.now();
  print(`\n${name} …`);
  const passed = await passes();
  if (!passed) failures.push(name);
  print(`${name} ${passed ? 'passed' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Runs a tool by its path below node_modules. */
async function runTool(tool, ...args) {
  return (await startTool(tool, args)).code === 0;
}

function startTool(tool, args, env = process.env) {
  const script = join(root, 'node_modules', tool);
  return run({ file: process.execPath, args: [script, ...args] }, { cwd: root, env });
}

async function build() {
  try {
    await buildPackages();
    return true;
  } catch (error) {
    if (error instanceof SetupError) return false;
    throw error;
  }
}

/** @returns {Promise<{ passed: number, failed: number, skipped: number } | undefined>} Undefined if vitest died. */
async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-test-'));
  const countsFile = join(folder, 'counts.json');
  const reporters = ['--reporter=default', '--reporter=./scripts/test-counts.mjs'];
  const env = { ...process.env, CARILLON_TEST_COUNTS: countsFile };
  try {
    const { code } = await startTool(vitest, ['run', ...reporters, ...args], env);
    const counts = readCounts(countsFile);
    if (counts?.passed === 0 && counts.failed === 0) failures.push('tests (none ran)');
    else if (code !== 0 || counts === undefined || counts.failed > 0) failures.push('tests');
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // vitest ended before it could report; its exit code and its own words tell why.
    return undefined;
  }
}

/** The counts stand alone on the last line, where a script that reads the output finds them. */
function report(counts) {
  if (failures.length > 0) print(`Failed: ${failures.join(', ')}`);
  if (counts !== undefined) {
    const { passed, failed, skipped } = counts;
    print(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  }
  process.exitCode = failures.length > 0 ? 1 : 0;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
