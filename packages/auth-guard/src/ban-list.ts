import type { Remote } from '@carillon/hooks';
import { type AddressRange, type Ban, plainAddress, readRange } from './ban.ts';

/** Somebody who may be banned. */
export interface Suspect {
  readonly remote: Remote;
  readonly clientId?: string;
  /** User name, and identity where it is known. */
  readonly users?: readonly (string | undefined)[];
}

/** The bans in force. Single addresses, client ids and users are looked up; only ranges are gone through. */
export class BanList {
  readonly #maximum: number;
  readonly #byId = new Map<string, Ban>();
  readonly #ranges = new Map<string, AddressRange>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Those that have not run out, oldest first. */
  all(now: number): Ban[] {
    this.#dropOver(now);
    return [...this.#byId.values()];
  }

  /** @throws {RangeError} when there are as many as may be. */
  add(ban: Ban, now: number): void {
    this.#dropOver(now);
    if (!this.#byId.has(ban.id) && this.#byId.size >= this.#maximum) {
      throw new RangeError(`there are ${this.#maximum} bans already (maximumBans): lift some first`);
    }
    this.#byId.set(ban.id, ban);
    if (ban.kind === 'address' && ban.value.includes('/')) this.#ranges.set(ban.id, readRange(ban.value));
  }

  get(id: string): Ban | undefined {
    return this.#byId.get(id);
  }

  remove(id: string): boolean {
    this.#ranges.delete(id);
    return this.#byId.delete(id);
  }

  /** The ban that speaks against somebody. */
  against({ remote, clientId, users = [] }: Suspect, now: number): Ban | undefined {
    const address = remote.address === undefined ? undefined : plainAddress(remote.address);
    const found =
      (address && (this.#byId.get(`address:${address}`) ?? this.#rangeAgainst(address, now))) ||
      (clientId && this.#byId.get(`clientId:${clientId}`)) ||
      users.map((user) => (user === undefined ? undefined : this.#byId.get(`user:${user}`))).find(Boolean);
    return found && !isOver(found, now) ? found : undefined;
  }

  #rangeAgainst(address: string, now: number): Ban | undefined {
    for (const [id, range] of this.#ranges) {
      const ban = this.#byId.get(id);
      if (ban !== undefined && !isOver(ban, now) && range.has(address)) return ban;
    }
    return undefined;
  }

  #dropOver(now: number): void {
    for (const ban of this.#byId.values()) if (isOver(ban, now)) this.remove(ban.id);
  }
}

function isOver({ until }: Ban, now: number): boolean {
  return until !== undefined && until <= now;
}
