// Tells whether an earlier install or build still holds. Asked at every start, so it must cost milliseconds:
// manifests are hashed, sources only looked at (size and time of change).
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Ignored by git. Holds the fingerprints of the last install and the last build that succeeded. */
const STAMP_FILE = '.carillon-setup.json';

/**
 * Changes when another install could give another result.
 *
 * @param {string} root The folder of the workspace.
 */
export function fingerprintOfDependencies(root) {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`);
  const manifests = workspaceFolders(root).map((folder) => join(folder, 'package.json'));
  const settings = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(root, name));
  for (const file of [...settings, ...manifests]) {
    hash.update(`${relative(root, file)}\n`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/**
 * Changes when another build could give another result.
 *
 * @param {string} root The folder of the workspace.
 */
export function fingerprintOfSources(root) {
  const hash = createHash('sha256').update(fingerprintOfDependencies(root));
  const files = [join(root, 'tsconfig.json'), join(root, 'tsconfig.base.json')];
  for (const folder of [...packageFolders(root), benchFolder(root)]) {
    files.push(join(folder, 'tsconfig.json'), ...filesBelow(join(folder, 'src')));
  }
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Whether somebody removed the installed dependencies. */
export function dependenciesAreThere(root) {
  return existsSync(join(root, 'node_modules', '.modules.yaml'));
}

/** Whether somebody removed what was built. */
export function buildIsThere(root) {
  return packageFolders(root).every((folder) => existsSync(join(folder, 'dist', 'index.js')));
}

/** @returns {{ dependencies?: string, sources?: string }} Nothing known after a first clone. */
export function readStamp(root) {
  try {
    return JSON.parse(readFileSync(join(root, STAMP_FILE), 'utf8'));
  } catch {
    // Absent, or cut short by a crash while it was written: either way the work is done again.
    return {};
  }
}

export function stampPath(root) {
  return join(root, STAMP_FILE);
}

function packageFolders(root) {
  const parent = join(root, 'packages');
  return readdirSync(parent)
    .sort()
    .map((name) => join(parent, name))
    .filter((folder) => existsSync(join(folder, 'package.json')));
}

function benchFolder(root) {
  return join(root, 'test', 'bench');
}

function workspaceFolders(root) {
  return [...packageFolders(root), join(root, 'test'), benchFolder(root), join(root, 'docs', 'examples')];
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
