import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesBelow, root, shown } from './workspace.ts';

/** Where a package came from is a matter of the machine that installs it, never of the repository. */
const registryAddress =
  /registry\.npmjs\.|registry\.yarnpkg\.|npm\.pkg\.github\.|tarball:|:_authToken|\bregistry\s*=\s*\S|https?:\/\/[^\s'"/]*(registry|artifactory|nexus|verdaccio)/i;

function registryAddresses(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    return registryAddress.test(line) ? [`${shown(path)}:${index + 1} ${line.trim()}`] : [];
  });
}

test('the address of a registry is found wherever it hides', () => {
  const lockfile = ['resolution: {integrity: sha512-x}', 'resolution: {tarball: https', 'registry = http'];
  expect(registryAddresses('sample', lockfile.join('\n'))).toHaveLength(2);
  expect(registryAddresses('sample', `https://${'registry'}.example.org/`)).toHaveLength(1);
});

test('neither the lockfile nor any other file names a registry', () => {
  const text = filesBelow(root).filter((path) => /\.([cm]?[jt]s|json|ya?ml|md|npmrc)$|\/[^./]+$/.test(path));
  const own = /test\/architecture\/repository\.test\.ts$/;
  const found = text
    .filter((path) => !own.test(shown(path)))
    .flatMap((path) => registryAddresses(path, readFileSync(path, 'utf8')));
  expect(text.map(shown)).toContain('pnpm-lock.yaml');
  expect(found).toEqual([]);
});
