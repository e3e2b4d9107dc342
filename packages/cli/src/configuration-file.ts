import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '@carillon/hooks/checks';
import { CommandError } from './command-error.ts';
import type { Configuration } from './configuration.ts';
import { checkConfiguration } from './configuration-checks.ts';

/**
 * Reads a JSON file, or the default export of a module.
 *
 * @throws {CommandError} when there is no such file, or something in it cannot be.
 */
export async function readConfigurationFile(name: string): Promise<Configuration> {
  const path = resolve(name);
  const content = extname(path) === '.json' ? readJson(path, name) : await importModule(path, name);
  try {
    checkConfiguration(content);
  } catch (error) {
    throw new CommandError(`${name}: ${messageOf(error)}`, 1, error);
  }
  return content;
}

function readJson(path: string, name: string): unknown {
  const text = readText(path, name);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${name} is not JSON: ${messageOf(error)}${placeIn(text, error)}`, 1, error);
  }
}

/** Somebody who looks for a mistake counts lines, not characters. */
function placeIn(text: string, error: unknown): string {
  const position = /at position (\d+)/.exec(messageOf(error))?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

async function importModule(path: string, name: string): Promise<unknown> {
  // For its message: what `import` says of a file that is not there speaks of modules.
  readText(path, name);
  const module = await load(path, name);
  if (module.default === undefined) {
    throw new CommandError(`${name} has no default export: write export default defineConfig({ … })`);
  }
  return module.default;
}

async function load(path: string, name: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    // The stack leads to the line of the user's own file.
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new CommandError(`${name} cannot be loaded: ${details}`, 1, error);
  }
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`--config ${name} cannot be read: ${messageOf(error)}`, 1, error);
  }
}
