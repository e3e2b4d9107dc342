import type { BridgeOptions } from '@carillon/bridge-mqtt';
import type { Plugin } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { type Fields, isObject, listOf, refuse } from '../checked-values.ts';
import { CommandError } from '../command-error.ts';
import type { BridgeConfiguration } from './bridge-configuration.ts';
import { checkTlsFiles, readTlsFiles } from './tls-files.ts';

/** The bridges of a configuration. */
export interface SettledBridges {
  /** For `--check`: without what is secret. */
  readonly shown: readonly unknown[];
  /** @throws {CommandError} naming the bridge, when something is wrong with its options or files. */
  make(): Promise<Plugin>;
}

/**
 * Checks the form of `bridges` in a file.
 *
 * @throws {CommandError} for what is no list of objects, and for files named beside their contents.
 */
export function checkBridges(value: unknown): void {
  for (const [place, bridge] of listOf(value, 'bridges').entries()) {
    const path = `bridges[${place}]`;
    if (!isObject(bridge)) refuse(path, bridge, 'an object');
    const { tls } = bridge;
    checkTlsFiles(tls, `${path}.tls`);
  }
}

/**
 * @param bridges As {@link checkBridges} has found them good.
 * @param folder Where relative file names start.
 */
export function settleBridges(
  bridges: readonly BridgeConfiguration[],
  folder: string,
  { readsFiles = true } = {},
): SettledBridges {
  return {
    shown: bridges.map((bridge) => ({ ...bridge, ...showCredentials(bridge) })),
    async make() {
      const { mqttBridge } = await import('@carillon/bridge-mqtt');
      const options = bridges.map((bridge, place) => withFiles(bridge, place, folder, readsFiles));
      try {
        return mqttBridge({ bridges: options });
      } catch (error) {
        throw new CommandError(`bridges: ${messageOf(error)}`, 1, error);
      }
    },
  };
}

function showCredentials({ credentials }: BridgeConfiguration): Fields {
  if (credentials === undefined) return {};
  if (typeof credentials === 'function') return { credentials: '(function)' };
  const { username, password } = credentials;
  return { credentials: { username, ...(password === undefined ? {} : { password: '(hidden)' }) } };
}

function withFiles(
  bridge: BridgeConfiguration,
  place: number,
  folder: string,
  readsFiles: boolean,
): BridgeOptions {
  if (bridge.tls === undefined) return { ...bridge, tls: {} };
  const { caFile: _ca, certFile: _cert, keyFile: _key, ...tls } = bridge.tls;
  if (!readsFiles) return { ...bridge, tls };
  return { ...bridge, tls: { ...tls, ...readTlsFiles(bridge.tls, `bridges[${place}].tls`, folder) } };
}
