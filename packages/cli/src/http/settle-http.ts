import type { HttpBridge, HttpBridgeOptions } from '@carillon/bridge-http';
import { messageOf } from '@carillon/hooks/checks';
import { CommandError } from '../command-error.ts';
import type { ListenerConfiguration } from '../configuration.ts';

/** The way in by HTTP of a configuration. */
export interface SettledHttp {
  /** As it was written. */
  readonly shown: HttpBridgeOptions;
  readonly bridge: HttpBridge;
}

/**
 * @throws {CommandError} for options that cannot be, and where no listener reads HTTP.
 */
export async function settleHttp(
  options: HttpBridgeOptions,
  listeners: readonly ListenerConfiguration[],
): Promise<SettledHttp> {
  if (!listeners.some(readsRequests)) {
    throw new CommandError('http is answered by listeners with websocket, and there is none: add one');
  }
  const { httpBridge } = await import('@carillon/bridge-http');
  try {
    return { shown: options, bridge: httpBridge(options) };
  } catch (error) {
    throw new CommandError(`http: ${messageOf(error)}`, 1, error);
  }
}

/** Whether a listener reads HTTP, where requests can be answered. */
export function readsRequests({ websocket }: Pick<ListenerConfiguration, 'websocket'>): boolean {
  return websocket !== undefined && websocket !== false;
}
