import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { mosquitto } from './mosquitto.ts';
import { startNodeBroker } from './node-target.ts';
import type { Feature, Target, TargetName } from './target.ts';

const everything: readonly Feature[] = [
  'version5',
  'wildcards',
  'retained',
  'sessions',
  'aliases',
  'tls',
  'websocket',
  'durable',
  'authorize',
  'rules',
  'bridge',
];

function onNode(
  name: TargetName,
  title: string,
  features: readonly Feature[],
  version: () => string,
): Target {
  return {
    name,
    title,
    features: new Set(features),
    version,
    start: (setup) => startNodeBroker(name, setup),
  };
}

/** In the order in which tables show them. */
export const targets: readonly Target[] = [
  onNode('carillon', 'Carillon', everything, () => installed('carillon')),
  mosquitto,
  onNode(
    'aedes',
    'Aedes',
    everything.filter((feature) => !['version5', 'aliases', 'rules', 'bridge'].includes(feature)),
    () => installed('aedes'),
  ),
  onNode('relay', 'bare relay', ['version5', 'tls'], () => `Node ${process.versions.node}`),
];

/** The version of a package as it lies on the disk. */
function installed(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    try {
      const manifest: { name?: string; version?: string } = JSON.parse(
        readFileSync(join(folder, 'package.json'), 'utf8'),
      );
      if (manifest.name === name) return manifest.version ?? 'unknown';
    } catch {
      // No manifest in this folder: the next one up has it.
    }
    const parent = dirname(folder);
    if (parent === folder) return 'unknown';
    folder = parent;
  }
}
