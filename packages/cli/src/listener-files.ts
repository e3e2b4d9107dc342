import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '@carillon/hooks/checks';
import type { ListenOptions, TlsIdentity, TlsOptions } from 'carillon';
import { CommandError } from './command-error.ts';
import type { IdentityConfiguration, ListenerConfiguration, TlsConfiguration } from './configuration.ts';

/** What whoever wrote it calls a key of a listener: `listeners[0].tls.certFile` in a file, or a flag. */
export type NameOfKey = (key: string) => string;

/**
 * Turns a listener of the configuration into what the broker takes: file names become what is in the files.
 *
 * @param folder Where relative file names start.
 * @throws {CommandError} when a file cannot be read, or a certificate or key is missing.
 */
export function listenOptionsOf(
  listener: ListenerConfiguration,
  nameOf: NameOfKey,
  folder: string,
): ListenOptions {
  if (listener.path !== undefined) {
    const { mode, ...rest } = listener;
    return { ...rest, ...(mode !== undefined && { mode: modeOf(mode) }) };
  }
  const { tls, ...rest } = listener;
  return { ...rest, ...(tls !== undefined && { tls: readTls(tls, nameOf, folder) }) };
}

function modeOf(mode: number | string): number {
  return typeof mode === 'string' ? Number.parseInt(mode, 8) : mode;
}

function readTls(tls: TlsConfiguration, nameOf: NameOfKey, folder: string): TlsOptions {
  const { certFile: _cert, keyFile: _key, caFile: _ca, sni, ...rest } = tls;
  const identities = Object.entries(sni ?? {}).map(
    ([name, identity]) =>
      [name, readIdentity(identity, (key) => nameOf(`tls.sni.${name}.${key}`), folder)] as const,
  );
  return {
    ...rest,
    ...readIdentity(tls, (key) => nameOf(`tls.${key}`), folder),
    ...(sni !== undefined && { sni: Object.fromEntries(identities) }),
  };
}

function readIdentity(identity: IdentityConfiguration, nameOf: NameOfKey, folder: string): TlsIdentity {
  const { certFile, keyFile, caFile, ...given } = identity;
  const read = (key: string, file: string | undefined): string | undefined =>
    file === undefined ? undefined : readPem(nameOf(key), file, folder);
  const cert = given.cert ?? read('certFile', certFile);
  const key = given.key ?? read('keyFile', keyFile);
  const ca = given.ca ?? read('caFile', caFile);
  if (cert === undefined) throw missing(nameOf('certFile'));
  if (key === undefined) throw missing(nameOf('keyFile'));
  return {
    cert,
    key,
    ...(ca !== undefined && { ca }),
    ...(given.passphrase !== undefined && { passphrase: given.passphrase }),
  };
}

function missing(name: string): CommandError {
  return new CommandError(`${name} is missing: give the name of a PEM file`);
}

function readPem(name: string, file: string, folder: string): string {
  try {
    return readFileSync(resolve(folder, file), 'utf8');
  } catch (error) {
    throw new CommandError(`${name} is "${file}", which cannot be read: ${messageOf(error)}`, 1, error);
  }
}
