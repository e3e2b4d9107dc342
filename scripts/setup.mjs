// Brings a fresh clone to the point where it runs: dependencies installed, packages built. Each step is left out
// while nothing it depends on has changed. Speaks on standard error only: standard output belongs to the broker.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  buildIsThere,
  dependenciesAreThere,
  fingerprintOfDependencies,
  fingerprintOfSources,
  readStamp,
  stampPath,
} from './fingerprint.mjs';
import { findPnpm } from './pnpm.mjs';
import { run } from './run.mjs';

/** The folder of the workspace. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A step failed, and the message says what to do about it: shown without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Installs and builds what is missing or out of date. */
export async function setUp() {
  requireNode();
  await installDependencies();
  await buildPackages();
}

/** Refuses a Node that the packages do not support, before anything fails in a stranger way. */
export function requireNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = engines.node.replace('>=', '');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new SetupError(`Carillon needs Node ${wanted} or newer; this is Node ${process.versions.node}.`);
}

/** Installs exactly what pnpm-lock.yaml names. */
export async function installDependencies() {
  const dependencies = fingerprintOfDependencies(root);
  if (readStamp(root).dependencies === dependencies && dependenciesAreThere(root)) return;
  say('Installing the dependencies …');
  const pnpm = await findPnpm(root);
  // A node_modules of another pnpm is replaced without asking.
  const args = [...pnpm.args, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'];
  const { code, output } = await run({ file: pnpm.file, args }, { cwd: root, to: process.stderr });
  if (code !== 0) throw new SetupError(explainFailedInstall(output));
  writeStamp({ dependencies });
}

/** Compiles the packages. The compiler itself skips packages that are up to date. */
export async function buildPackages() {
  // Taken before the build: what is saved while the compiler runs is built next time.
  const sources = fingerprintOfSources(root);
  if (readStamp(root).sources === sources && buildIsThere(root)) return;
  say('Building the packages …');
  const compiler = { file: process.execPath, args: [join(root, 'node_modules/typescript/bin/tsc'), '-b'] };
  const { code } = await run(compiler, { cwd: root, to: process.stderr });
  if (code !== 0) throw new SetupError('The packages could not be built: see the errors above.');
  writeStamp({ dependencies: readStamp(root).dependencies, sources });
}

/** Shows an error at the end of a script and sets the exit code. */
export function giveUp(error) {
  process.stderr.write(`\n${error instanceof SetupError ? error.message : error.stack}\n`);
  process.exitCode = 1;
}

function explainFailedInstall(output) {
  if (/ERR_PNPM_OUTDATED_LOCKFILE/.test(output)) {
    return 'A package.json and pnpm-lock.yaml disagree. If you changed a dependency, run `pnpm install` and commit the lockfile.';
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT/.test(output)) {
    return 'The npm registry could not be reached. The first start needs the network to fetch the dependencies; later starts do not.';
  }
  return 'The dependencies could not be installed: see the errors above.';
}

function writeStamp(stamp) {
  writeFileSync(stampPath(root), `${JSON.stringify(stamp, null, 2)}\n`);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
