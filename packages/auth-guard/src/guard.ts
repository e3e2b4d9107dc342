import type { Broker, Client, Logger, PluginPlatform, Refusal, Remote } from '@carillon/hooks';
import { deny } from '@carillon/hooks';
import { BoundedMap } from '@carillon/hooks/bounded';
import { ReasonCode } from '@carillon/protocol';
import { type Ban, banOf } from './ban.ts';
import { BanList } from './ban-list.ts';
import type { GuardSettings } from './guard-options.ts';
import { LoginBackOff, networkOf } from './login-back-off.ts';
import { PublishRates } from './publish-rates.ts';
import { storedBans } from './stored-bans.ts';
import { TokenBucket } from './token-bucket.ts';
import { WaitingRoom } from './waiting-room.ts';

/** What a guard knows while its broker runs. */
export class Guard {
  readonly broker: Broker;
  readonly list: BanList;
  readonly backOff: LoginBackOff | undefined;
  readonly rates: PublishRates;
  readonly waitingRoom: WaitingRoom;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds, never going back. */
  readonly elapsed: () => number;
  readonly #settings: GuardSettings;
  readonly #logger: Logger;
  readonly #connects: BoundedMap<string, TokenBucket>;
  readonly #returns: BoundedMap<string, TokenBucket>;
  /** The user names of connections that are logging in: a refusal does not name them. */
  readonly #usernames = new WeakMap<Remote, string>();

  constructor(settings: GuardSettings, broker: Broker, { clock, logger }: PluginPlatform) {
    this.broker = broker;
    this.#settings = settings;
    this.#logger = logger;
    this.now = () => clock.now();
    this.elapsed = () => clock.elapsed();
    this.list = new BanList(settings.maximumBans);
    this.backOff = settings.backOff && new LoginBackOff(settings.backOff, settings.maximumTracked);
    this.rates = new PublishRates(settings);
    this.waitingRoom = new WaitingRoom(clock, settings.maximumWaiting);
    this.#connects = new BoundedMap(settings.maximumTracked);
    this.#returns = new BoundedMap(settings.maximumTracked);
    for (const request of settings.bans) this.list.add(banOf(request, this.now()), this.now());
  }

  /** The store has been read when the broker has started; a plugin that comes later finds it read. */
  takeUpStoredBans(): void {
    for (const ban of storedBans(this.broker, this.#logger)) {
      if (this.list.get(ban.id) === undefined) this.enforce(ban);
    }
  }

  /** Puts a ban in force, also on those who are connected. */
  enforce(ban: Ban): void {
    this.list.add(ban, this.now());
    for (const client of this.broker.clients()) this.disconnectIfBanned(client);
  }

  disconnectIfBanned(client: Client): void {
    const { remote, id, username, identity } = client;
    const ban = this.list.against({ remote, clientId: id, users: [username, identity] }, this.now());
    // A DISCONNECT cannot carry 0x8A: 0x98 Administrative action it is.
    if (ban !== undefined) client.disconnect({ reasonString: wordsOf(ban) });
  }

  /** Milliseconds until an address may open another connection. */
  waitToConnect({ address }: Remote): number {
    if (address === undefined) return 0;
    return this.#bucket(this.#connects, networkOf(address), this.#settings.connects).take(1, this.elapsed());
  }

  /** Milliseconds for which a client that comes again and again is kept waiting. */
  waitToReturn(clientId: string): number {
    const { flapping } = this.#settings;
    if (flapping === undefined || clientId === '') return 0;
    const isFine = this.#bucket(this.#returns, clientId, flapping.rate).take(1, this.elapsed()) === 0;
    return isFine ? 0 : flapping.delay;
  }

  /** What speaks against a login before anybody looks at its password. */
  objectionTo(remote: Remote, clientId: string, username: string | undefined): Refusal | undefined {
    if (username !== undefined) this.#usernames.set(remote, username);
    const ban = this.list.against({ remote, clientId, users: [username] }, this.now());
    if (ban !== undefined) return refusalOf(ban);
    const wait = this.backOff?.waitOf({ remote, username }, this.elapsed()) ?? 0;
    if (wait === 0) return undefined;
    const seconds = Math.ceil(wait / 1000);
    return deny(ReasonCode.ConnectionRateExceeded, `too many failed logins: try again in ${seconds} s`);
  }

  loginFailed(remote: Remote): void {
    this.backOff?.failed({ remote, username: this.#usernames.get(remote) }, this.elapsed());
  }

  #bucket(
    buckets: BoundedMap<string, TokenBucket>,
    key: string,
    rate: GuardSettings['connects'],
  ): TokenBucket {
    const known = buckets.get(key);
    if (known !== undefined) return known;
    const bucket = new TokenBucket(rate, this.elapsed());
    buckets.set(key, bucket);
    return bucket;
  }
}

function refusalOf(ban: Ban): Refusal {
  return deny(ReasonCode.Banned, wordsOf(ban));
}

function wordsOf({ reason }: Ban): string {
  return reason === '' ? 'banned' : reason;
}
