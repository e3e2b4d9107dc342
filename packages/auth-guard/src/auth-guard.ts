import type { Broker, Plugin } from '@carillon/hooks';
import { type Ban, type BanRequest, banOf } from './ban.ts';
import { Guard } from './guard.ts';
import { guardHooks } from './guard-hooks.ts';
import { type AuthGuardOptions, settleGuard } from './guard-options.ts';
import { forgetBan, storeBan } from './stored-bans.ts';

/** A plugin, and the means to ban and to lift bans. */
export interface AuthGuard extends Plugin {
  /**
   * Bans an address, a range, a client id or a user: new connections are refused, those that are there are
   * disconnected. Resolves when the ban is stored, if the broker has a store. The same one again
   * takes the place of the first.
   *
   * @throws {TypeError} for a request that cannot be.
   * @throws {RangeError} when there are `maximumBans` already.
   */
  ban(request: BanRequest): Promise<Ban>;
  /** Lifts a ban; false when there is none of that id. */
  lift(id: string): Promise<boolean>;
  /** The bans in force, oldest first. */
  bans(): readonly Ban[];
}

/**
 * Keeps trouble out: bans, ever longer waits after wrong passwords, a slower pace for clients that come and go all
 * the time or publish faster than they may. It only ever refuses: who comes in is for the others to say.
 *
 * @throws {TypeError} for options that cannot be.
 *
 * @example
 * ```ts
 * const guard = authGuard({ rates: { messages: { perSecond: 100, burst: 1000 } } });
 * broker.use(guard);
 * await guard.ban({ address: '192.0.2.0/24', seconds: 3600, reason: 'scanning' });
 * ```
 */
export function authGuard(options: AuthGuardOptions = {}): AuthGuard {
  const settings = settleGuard(options);
  for (const request of settings.bans) banOf(request, 0);
  let guard: Guard | undefined;
  const running = (): Guard => {
    if (guard === undefined) throw new Error('authGuard: bans need a broker: call broker.use first');
    return guard;
  };
  return {
    name: 'auth-guard',
    // Waiting is what it does: its own promises must not count as hanging.
    timeoutMs: settings.patience + 60_000,
    hooks: guardHooks(running),
    setup(broker: Broker, platform) {
      guard = new Guard(settings, broker, platform);
      guard.takeUpStoredBans();
    },
    async ban(request) {
      const { broker, now } = running();
      const ban = banOf(request, now());
      running().enforce(ban);
      await storeBan(broker, ban, now());
      return ban;
    },
    async lift(id) {
      const wasThere = running().list.remove(id);
      if (wasThere) await forgetBan(running().broker, id);
      return wasThere;
    },
    bans: () => (guard === undefined ? [] : guard.list.all(guard.now())),
  };
}
