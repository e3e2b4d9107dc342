import { messageOf } from '@carillon/hooks/checks';
import type { Address } from './address.ts';
import { BackOff } from './back-off.ts';
import type { Bandwidth } from './bandwidth.ts';
import { BridgeError } from './bridge-error.ts';
import type { BridgeCondition, Tally } from './bridge-state.ts';
import { Dialects } from './dialects.ts';
import type { Credentials } from './link-options.ts';
import type { LinkSettings } from './link-settings.ts';
import { connectOut, type LocalNames } from './local-session.ts';
import { Passage } from './passage.ts';
import type { Peer } from './peer.ts';
import type { RemoteSubscriptions } from './remote-subscriptions.ts';
import { type Surroundings, wait } from './surroundings.ts';

/** Whom a lane tells. */
export interface LaneObserver {
  changed(lane: Lane): void;
  connected(lane: Lane, address: Address): void;
  disconnected(lane: Lane, address: Address, error: BridgeError): void;
  failed(lane: Lane, address: Address, error: BridgeError): void;
  caughtUp(): void;
}

/** What a lane is made of. */
export interface LaneOptions {
  readonly surroundings: Surroundings;
  readonly settings: LinkSettings;
  readonly names: LocalNames;
  readonly clientId: string;
  readonly brokerId: string;
  readonly notificationTopic: string | undefined;
  readonly carriesOut: boolean;
  /** It carries what still waits, on both sides, and then ends: the bridge has fewer connections than it had. */
  readonly isLeaving: boolean;
  readonly subscriptions: RemoteSubscriptions;
  readonly tally: Tally;
  readonly bandwidth: Bandwidth;
  readonly observer: LaneObserver;
}

/** One connection of a bridge over time: attempt after attempt, address after address. */
export class Lane {
  condition: BridgeCondition = 'starting';
  passage: Passage | undefined = undefined;
  connectedAt: number | undefined = undefined;
  readonly #options: LaneOptions;
  readonly #dialects: Dialects;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  #at = 0;
  #isForgotten = false;
  #running: Promise<void> | undefined = undefined;

  constructor(options: LaneOptions) {
    const { settings, surroundings } = options;
    this.#options = options;
    this.#dialects = new Dialects(settings);
    this.#backOff = new BackOff(settings.backOff, surroundings.random);
  }

  /** The address in use, or tried last. */
  get address(): Address {
    const { addresses } = this.#options.settings;
    const [first] = addresses;
    const address = addresses[this.#at] ?? first;
    if (address === undefined) throw new BridgeError('BRIDGE_OPTION_INVALID', 'a bridge needs an address');
    return address;
  }

  get names(): LocalNames {
    return this.#options.names;
  }

  get subscriptions(): RemoteSubscriptions {
    return this.#options.subscriptions;
  }

  get isLeaving(): boolean {
    return this.#options.isLeaving;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** It ended by itself, or was stopped. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Leaves in order; `forget` ends the session on the remote broker too, where it is connected. */
  async stop(reason: string, forget: boolean): Promise<void> {
    this.#isForgotten = forget;
    this.#stop.abort();
    this.passage?.leave(reason, forget);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const isWorthRepeating = await this.#attempt();
      if (!isWorthRepeating) break;
    }
    this.#change('stopped');
  }

  /** From one rest to the next; false when there is no sense in another attempt. */
  async #attempt(): Promise<boolean> {
    const { surroundings, observer } = this.#options;
    const { signal } = this.#stop;
    let delay = 0;
    try {
      const out = await this.#somethingToSend();
      if (signal.aborted) {
        out?.fail(new BridgeError('BRIDGE_CONNECTION_LOST', 'the bridge was stopped'));
        return false;
      }
      this.#change('connecting');
      const passage = await this.#connect(out);
      delay = await this.#live(passage);
    } catch (thrown) {
      if (signal.aborted) return false;
      const error = asBridgeError(thrown);
      observer.failed(this, this.address, error);
      if (error.code === 'BRIDGE_LOOPS') return false;
      delay = this.#dialects.refused(error) ? 0 : this.#afterFailure();
    }
    if (delay > 0 && !signal.aborted) {
      this.#change('waiting');
      await wait(surroundings, delay, signal);
    }
    return !signal.aborted;
  }

  /** A lazy bridge waits for the first message. It keeps it: the next connection begins with it. */
  async #somethingToSend(): Promise<Peer | undefined> {
    const { settings, surroundings, names, carriesOut, isLeaving } = this.#options;
    if (!settings.isLazy || !carriesOut || isLeaving) return undefined;
    this.#change('idle');
    const peer = await connectOut(surroundings, names, settings.maximumInflight);
    const { signal } = this.#stop;
    const giveUp = (): void => peer.fail(new BridgeError('BRIDGE_CONNECTION_LOST', 'the bridge was stopped'));
    signal.addEventListener('abort', giveUp, { once: true });
    // It may have been stopped while it connected.
    if (signal.aborted) giveUp();
    try {
      peer.handBack(await peer.receive());
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    return peer;
  }

  async #connect(out: Peer | undefined): Promise<Passage> {
    const { surroundings, settings, names, tally, bandwidth, carriesOut, isLeaving, observer } =
      this.#options;
    const { clientId, brokerId, notificationTopic } = this.#options;
    const patience = new AbortController();
    const stopped = (): void => patience.abort();
    this.#stop.signal.addEventListener('abort', stopped);
    const timer = surroundings.clock.schedule(settings.connectTimeout, () => patience.abort());
    try {
      const credentials = await this.#credentials();
      const channel = await surroundings.dial(this.address, settings.tls, patience.signal);
      return await Passage.open(
        channel,
        {
          surroundings,
          settings,
          names,
          dialect: this.#dialects.current,
          who: { clientId, brokerId, credentials, notificationTopic },
          tally,
          bandwidth,
          carriesOut,
          asksForMore: !isLeaving,
          address: this.address.text,
          subscriptions: this.#options.subscriptions,
          out,
          caughtUp: () => observer.caughtUp(),
        },
        patience.signal,
      );
    } catch (error) {
      out?.fail(asBridgeError(error));
      if (!patience.signal.aborted) throw error;
      const why = `${this.address.text} did not answer within ${settings.connectTimeout} milliseconds`;
      throw new BridgeError('BRIDGE_TIMED_OUT', why, error);
    } finally {
      timer.cancel();
      this.#stop.signal.removeEventListener('abort', stopped);
    }
  }

  async #credentials(): Promise<Credentials> {
    const { credentials = {} } = this.#options.settings;
    if (typeof credentials !== 'function') return credentials;
    try {
      return await credentials();
    } catch (error) {
      const why = 'the function given as credentials failed';
      throw new BridgeError('BRIDGE_CREDENTIALS_FAILED', why, error);
    }
  }

  /** As long as it lasts. Returns the milliseconds until the next attempt. */
  async #live(passage: Passage): Promise<number> {
    const { surroundings, settings, observer } = this.#options;
    const { clock } = surroundings;
    const since = clock.elapsed();
    const { address } = this;
    this.#dialects.accepted();
    this.passage = passage;
    this.connectedAt = clock.now();
    this.#change('connected');
    observer.connected(this, address);
    if (this.#stop.signal.aborted) passage.leave('the bridge was stopped', this.#isForgotten);
    const ending = new AbortController();
    const leaves = Promise.race([
      this.#mainIsBack(passage, ending.signal),
      this.#isIdle(passage, ending.signal),
      passage.over.then(() => false),
    ]);
    const error = await passage.over;
    ending.abort();
    this.passage = undefined;
    this.connectedAt = undefined;
    this.#change('waiting');
    observer.disconnected(this, address, error);
    if (await leaves) return 0;
    this.#backOff.lasted(clock.elapsed() - since);
    if (!settings.roundRobin) this.#at = 0;
    return this.#backOff.next();
  }

  /** While another address is in use: looks whether the main one can be reached again, and leaves for it. */
  async #mainIsBack(passage: Passage, signal: AbortSignal): Promise<boolean> {
    const { settings, surroundings } = this.#options;
    const [main] = settings.addresses;
    if (this.#at === 0 || settings.roundRobin || settings.failBack === 0 || main === undefined)
      return never(signal);
    for (;;) {
      await wait(surroundings, settings.failBack * 1000, signal);
      if (signal.aborted) return false;
      const channel = await this.#look(main, signal);
      if (channel) break;
    }
    this.#at = 0;
    passage.leave('the main address is back');
    return true;
  }

  async #look(main: Address, ending: AbortSignal): Promise<boolean> {
    const { settings, surroundings } = this.#options;
    const patience = new AbortController();
    const giveUp = (): void => patience.abort();
    ending.addEventListener('abort', giveUp);
    const timer = surroundings.clock.schedule(settings.connectTimeout, giveUp);
    try {
      const channel = await surroundings.dial(main, settings.tls, patience.signal);
      channel.destroy();
      return !ending.aborted;
    } catch {
      return false;
    } finally {
      timer.cancel();
      ending.removeEventListener('abort', giveUp);
    }
  }

  /** A lazy bridge leaves when nothing has been carried for a while, and so does a connection that is to end. */
  async #isIdle(passage: Passage, signal: AbortSignal): Promise<boolean> {
    const { settings, surroundings, isLeaving } = this.#options;
    if (!settings.isLazy && !isLeaving) return never(signal);
    let carried = -1;
    for (;;) {
      if (passage.carried === carried && passage.inflightOut === 0) break;
      carried = passage.carried;
      await wait(surroundings, settings.idleTimeout * 1000, signal);
      if (signal.aborted) return false;
    }
    if (isLeaving) this.#stop.abort();
    passage.leave('nothing was carried for a while', isLeaving);
    return true;
  }

  /** The next address at once, until all were tried; then a pause. */
  #afterFailure(): number {
    const { addresses } = this.#options.settings;
    this.#at = (this.#at + 1) % addresses.length;
    return this.#at === 0 ? this.#backOff.next() : 0;
  }

  #change(condition: BridgeCondition): void {
    if (this.condition === condition) return;
    this.condition = condition;
    this.#options.observer.changed(this);
  }
}

function never(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true }));
}

function asBridgeError(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  const message = messageOf(error);
  return new BridgeError('BRIDGE_CONNECTION_LOST', message, error);
}
