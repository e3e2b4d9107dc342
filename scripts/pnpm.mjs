// Finds the pnpm that package.json names, or has npm fetch it: a machine with Node and npm is enough.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

/**
 * Says how to call the pinned pnpm.
 *
 * @param {string} root The folder of the workspace.
 * @returns {Promise<import('./run.mjs').Command>} To be completed with pnpm's own arguments.
 */
export async function findPnpm(root) {
  const version = pinnedVersion(root);
  const onPath = { file: 'pnpm', args: [] };
  if ((await versionOf(onPath, root)) === version) return onPath;
  const npm = findNpm();
  return { file: npm.file, args: [...npm.args, 'exec', '--yes', `--package=pnpm@${version}`, '--', 'pnpm'] };
}

function pinnedVersion(root) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [, version] = /^pnpm@(\d+\.\d+\.\d+)/.exec(packageManager ?? '') ?? [];
  if (version === undefined) throw new Error('package.json must pin pnpm: "packageManager": "pnpm@1.2.3"');
  return version;
}

async function versionOf(pnpm, root) {
  // Corepack stands in for pnpm on some machines and would ask before it downloads; nobody may be there to answer.
  const env = { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' };
  const { code, output } = await run({ ...pnpm, args: ['--version'] }, { cwd: root, env, quiet: true });
  return code === 0 ? output.trim() : undefined;
}

/** The npm that started this script, if one did; else the one on the PATH. */
function findNpm() {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? { file: process.execPath, args: [cli] } : { file: 'npm', args: [] };
}
