import type { Remote } from '@carillon/hooks';
import { BoundedMap } from '@carillon/hooks/bounded';
import { plainAddress } from './ban.ts';
import type { BackOffSettings } from './guard-options.ts';

/** Failed logins of one address or user. */
interface Failures {
  count: number;
  lastAt: number;
  /** No login is looked at before. */
  blockedUntil: number;
}

/** Who logs in, from where. */
export interface Login {
  readonly remote: Remote;
  readonly username: string | undefined;
}

/** Remembers failed logins, by address and by user, and says how long the next one has to wait. */
export class LoginBackOff {
  readonly #settings: { readonly address: BackOffSettings; readonly user: BackOffSettings };
  readonly #failures: BoundedMap<string, Failures>;

  constructor(
    settings: { readonly address: BackOffSettings; readonly user: BackOffSettings },
    maximumTracked: number,
  ) {
    this.#settings = settings;
    this.#failures = new BoundedMap(maximumTracked);
  }

  /** Milliseconds until a login is looked at again; 0 for now. */
  waitOf(login: Login, now: number): number {
    const waits = keysOf(login).map(([, key]) => (this.#failures.get(key)?.blockedUntil ?? 0) - now);
    return Math.max(0, ...waits);
  }

  failed(login: Login, now: number): void {
    for (const [kind, key] of keysOf(login)) this.#count(key, this.#settings[kind], now);
  }

  succeeded(login: Login): void {
    for (const [, key] of keysOf(login)) this.#failures.delete(key);
  }

  #count(key: string, settings: BackOffSettings, now: number): void {
    const before = this.#failures.get(key);
    const isFresh = before === undefined || now - before.lastAt > settings.forgetAfter;
    const count = isFresh ? 1 : before.count + 1;
    const beyond = count - settings.failures;
    const delay = beyond <= 0 ? 0 : Math.min(settings.delay * 2 ** (beyond - 1), settings.maximumDelay);
    this.#failures.set(key, { count, lastAt: now, blockedUntil: now + delay });
  }
}

function* entriesOf({ remote, username }: Login): Generator<['address' | 'user', string]> {
  if (remote.address !== undefined) yield ['address', `address:${networkOf(remote.address)}`];
  if (username !== undefined) yield ['user', `user:${username}`];
}

function keysOf(login: Login): ['address' | 'user', string][] {
  return [...entriesOf(login)];
}

/** Who has one IPv6 address has a whole /64 of them. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array<string>(gap).fill('0'), ...last].slice(0, 4).join(':');
}
