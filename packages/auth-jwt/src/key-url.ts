import type { PluginPlatform, ScheduledTask } from '@carillon/hooks';
import { describeFailure, fetchKeySet, type KeySetAddress } from './fetch-key-set.ts';
import type { KeyHolder } from './key-holder.ts';
import { type KeyReading, readJson } from './read-keys.ts';
import type { VerificationKey } from './verification-key.ts';

/** Times in milliseconds. */
export interface KeyUrlSettings {
  readonly address: KeySetAddress;
  readonly refreshEvery: number;
  /** Between the beginnings of two requests, whatever they are for. */
  readonly cooldown: number;
  readonly timeout: number;
  /** How long keys are used while the URL cannot be read. */
  readonly keepFor: number;
  readonly reading: KeyReading;
}

/**
 * The keys of a JWKS at a URL. They are fetched ahead of time, so that authentication waits for a request only where
 * a token names a key that is not known: then once, and not again before the cooldown is over.
 */
export class KeyUrl implements KeyHolder {
  readonly #settings: KeyUrlSettings;
  #keys: readonly VerificationKey[] = [];
  /** Instants of `elapsed()`. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #readAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined = undefined;
  #isFailing = false;
  #platform: PluginPlatform | undefined = undefined;
  #next: ScheduledTask | undefined = undefined;
  readonly #closing = new AbortController();

  constructor(settings: KeyUrlSettings) {
    this.#settings = settings;
  }

  open(platform: PluginPlatform): void {
    this.#platform = platform;
    void this.#ask(platform);
  }

  current(): readonly VerificationKey[] {
    const { keepFor } = this.#settings;
    if (this.#platform === undefined || this.#platform.clock.elapsed() - this.#readAt > keepFor) return [];
    return this.#keys;
  }

  async renew(): Promise<void> {
    const platform = this.#platform;
    if (platform === undefined || this.#closing.signal.aborted) return;
    if (platform.clock.elapsed() - this.#askedAt >= this.#settings.cooldown) void this.#ask(platform);
    await this.#underWay;
  }

  close(): void {
    this.#next?.cancel();
    this.#closing.abort();
  }

  #ask(platform: PluginPlatform): Promise<void> {
    this.#underWay ??= this.#read(platform).finally(() => {
      this.#underWay = undefined;
      if (!this.#closing.signal.aborted) this.#askLater(platform);
    });
    return this.#underWay;
  }

  #askLater(platform: PluginPlatform): void {
    const { cooldown, refreshEvery } = this.#settings;
    this.#next?.cancel();
    this.#next = platform.clock.schedule(this.#isFailing ? cooldown : refreshEvery, () => {
      void this.#ask(platform);
    });
  }

  async #read({ clock, logger }: PluginPlatform): Promise<void> {
    const { address, timeout, reading } = this.#settings;
    const { url } = address;
    this.#askedAt = clock.elapsed();
    const late = new AbortController();
    const timer = clock.schedule(timeout, () => late.abort(new Error(`no answer within ${timeout} ms`)));
    try {
      const signal = AbortSignal.any([late.signal, this.#closing.signal]);
      const { keys, unused } = readJson(await fetchKeySet(address, signal), reading);
      this.#keys = keys;
      this.#readAt = clock.elapsed();
      if (this.#isFailing) logger.info({ url, keys: keys.length }, 'the key set can be read again');
      logger.debug({ url, keys: keys.length, unused }, 'the key set was read');
      this.#isFailing = false;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const why = describeFailure(error);
      const message = 'the key set cannot be read: the keys read before stay in force for a time';
      // Said once; then it is known.
      if (this.#isFailing) logger.debug({ url, why }, message);
      else logger.warn({ url, why }, message);
      this.#isFailing = true;
    } finally {
      timer.cancel();
    }
  }
}
