import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '@carillon/hooks/checks';
import { isObject, refuse } from '../checked-values.ts';
import { CommandError } from '../command-error.ts';

/** Files in the place of PEM. */
export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** What the files have. */
export interface TlsContents {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const fileKeys = { caFile: 'ca', certFile: 'cert', keyFile: 'key' } as const;

/**
 * Checks the form of `tls` of a bridge or a webhook.
 *
 * @throws {CommandError} for what is no object, and for files named beside their contents.
 */
export function checkTlsFiles(tls: unknown, path: string): void {
  if (tls === undefined) return;
  if (!isObject(tls)) refuse(path, tls, 'an object');
  for (const [fileKey, key] of Object.entries(fileKeys)) {
    const file = tls[fileKey];
    if (file === undefined) continue;
    if (typeof file !== 'string' || file === '') refuse(`${path}.${fileKey}`, file, 'the name of a PEM file');
    if (tls[key] === undefined) continue;
    throw new CommandError(`${path} has both ${key} and ${fileKey}: leave one of them out`);
  }
}

/**
 * @param folder Where relative file names start.
 * @throws {CommandError} naming the key, for a file that cannot be read.
 */
export function readTlsFiles(files: TlsFiles, path: string, folder: string): TlsContents {
  const read = (key: keyof TlsFiles): string | undefined => {
    const file = files[key];
    return file === undefined ? undefined : readFile(file, `${path}.${key}`, folder);
  };
  const [ca, cert, key] = [read('caFile'), read('certFile'), read('keyFile')];
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/** @throws {CommandError} naming the key. */
export function readFile(file: string, path: string, folder: string): string {
  try {
    return readFileSync(resolve(folder, file), 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${messageOf(error)}`, 1, error);
  }
}
