import type { PluginPlatform } from '@carillon/hooks';
import type { VerificationKey } from './verification-key.ts';

/** Where keys come from, and which they are at the moment. */
export interface KeyHolder {
  /** Begins to look after the keys. */
  open(platform: PluginPlatform): void;
  /** The keys as they are now; none where they could not be had. */
  current(): readonly VerificationKey[];
  /** Looks for newer keys, as often as it may; settles when `current` is as new as it gets, and never rejects. */
  renew(): Promise<void>;
  close(): void;
}

/** Keys that were given once and for all. */
export class GivenKeys implements KeyHolder {
  readonly #keys: readonly VerificationKey[];

  constructor(keys: readonly VerificationKey[]) {
    this.#keys = keys;
  }

  open(): void {}

  current(): readonly VerificationKey[] {
    return this.#keys;
  }

  async renew(): Promise<void> {}

  close(): void {}
}
