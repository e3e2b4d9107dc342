import type { Broker, PluginPlatform } from '@carillon/hooks';
import type { Entrance } from './entrance.ts';
import type { HttpSettings } from './settings.ts';

/** What all requests to a bridge have around them. */
export interface Surroundings extends PluginPlatform {
  readonly broker: Broker;
  readonly settings: HttpSettings;
  readonly entrance: Entrance;
}

/** A name that nobody guesses. */
export function randomName({ random }: PluginPlatform): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  return Buffer.from(bytes).toString('base64url');
}
