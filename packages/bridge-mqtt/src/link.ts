import { BackOff } from './back-off.ts';
import { Bandwidth } from './bandwidth.ts';
import { BridgeError } from './bridge-error.ts';
import { type BridgeCondition, type BridgeCounters, type BridgeState, Tally } from './bridge-state.ts';
import { Lane, type LaneObserver } from './lane.ts';
import type { LinkSettings } from './link-settings.ts';
import { localNames, subscribeOut } from './local-session.ts';
import { RemoteSubscriptions } from './remote-subscriptions.ts';
import { type Surroundings, wait } from './surroundings.ts';
import { filtersFrom } from './translation.ts';

/** One bridge: its sessions here, and its connections to the remote broker. */
export class Link {
  readonly settings: LinkSettings;
  readonly #surroundings: Surroundings;
  readonly #tally = new Tally();
  readonly #bandwidth: Bandwidth;
  readonly #stop = new AbortController();
  #lanes: readonly Lane[] = [];
  readonly #subscriptions: RemoteSubscriptions[] = [];
  #isStopped = false;
  #lastError: BridgeState['lastError'] = undefined;
  #preparing: Promise<void> | undefined = undefined;
  #localTopic: string | undefined = undefined;
  #toldConnected = false;
  /** In the milliseconds of `elapsed()`: since when messages have been waiting; undefined when none does. */
  #waitingSince: number | undefined = undefined;

  constructor(settings: LinkSettings, surroundings: Surroundings) {
    this.settings = settings;
    this.#surroundings = surroundings;
    this.#bandwidth = new Bandwidth(settings.maximumBytesPerSecond, () => surroundings.clock.elapsed());
  }

  start(): void {
    this.#preparing ??= this.#prepare();
  }

  /** Leaves the remote broker. With `forget` the sessions end on both sides, and what waits in them is gone. */
  async stop(reason: string, forget: boolean): Promise<void> {
    this.#isStopped = true;
    this.#stop.abort();
    await this.#preparing;
    await Promise.all(this.#lanes.map((lane) => lane.stop(reason, forget)));
    if (!forget) return;
    await Promise.all(this.#subscriptions.map((subscriptions) => subscriptions.forget()));
    const { broker } = this.#surroundings;
    for (let lane = 0; lane < this.settings.connections; lane++) {
      const names = localNames(this.settings.name, lane);
      broker.endSession(names.in);
      broker.endSession(names.out);
    }
  }

  get state(): BridgeState {
    const connected = this.#lanes.filter((lane) => lane.condition === 'connected');
    const [first] = connected;
    return {
      name: this.settings.name,
      condition: this.#condition,
      connected: connected.length,
      address: (first ?? this.#lanes[0])?.address.text ?? this.settings.addresses[0]?.text ?? '',
      protocolVersion: versionOf(first),
      connectedAt: first?.connectedAt,
      lastError: this.#lastError,
      counters: this.#counters(),
    };
  }

  get #condition(): BridgeCondition {
    if (this.#isStopped) return 'stopped';
    const conditions = this.#lanes.map(({ condition }) => condition);
    return conditions.find((condition) => condition === 'connected') ?? conditions[0] ?? 'starting';
  }

  #counters(): BridgeCounters {
    const { forwardedIn, forwardedOut, bytesIn, bytesOut, connections, dropped } = this.#tally;
    const waiting = this.#waiting();
    const now = this.#surroundings.clock.elapsed();
    if (waiting === 0) this.#waitingSince = undefined;
    else this.#waitingSince ??= now;
    return {
      forwardedIn,
      forwardedOut,
      bytesIn,
      bytesOut,
      waiting,
      dropped: { ...dropped },
      reconnects: Math.max(0, connections - this.settings.connections),
      lag: this.#waitingSince === undefined ? 0 : Math.round(now - this.#waitingSince),
    };
  }

  #waiting(): number {
    const session = this.#surroundings.broker.session(localNames(this.settings.name, 0).out);
    return session === undefined ? 0 : session.queued + session.inflight;
  }

  /** Messages wait from here on, whether the remote broker is there or not. */
  async #prepare(): Promise<void> {
    const { settings } = this;
    const surroundings = this.#surroundings;
    const names = localNames(settings.name, 0);
    const carriesOut = filtersFrom('local', settings.rules).size > 0;
    const backOff = new BackOff(settings.backOff, surroundings.random);
    while (!this.#isStopped) {
      try {
        const brokerId = await this.#unlessStopped(surroundings.brokerId());
        if (brokerId === undefined) return;
        if (carriesOut) await subscribeOut(surroundings, names, settings.rules);
        else surroundings.broker.endSession(names.out);
        this.#open(brokerId, carriesOut);
        return;
      } catch (error) {
        if (this.#isStopped) return;
        const why =
          error instanceof BridgeError
            ? error
            : new BridgeError('BRIDGE_LOCAL_REFUSED', String(error), error);
        this.#failed(settings.addresses[0]?.text ?? '', why);
        await wait(surroundings, backOff.next(), this.#stop.signal);
      }
    }
  }

  /** A broker that has not started may never do so: who is to leave does not wait for it. */
  #unlessStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    const { signal } = this.#stop;
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    return signal.aborted ? Promise.resolve(undefined) : Promise.race([promise, stopped]);
  }

  #open(brokerId: string, carriesOut: boolean): void {
    const { settings } = this;
    const { notifications, notificationTopic, notificationsLocalOnly, connections } = settings;
    const clientId = settings.clientId ?? `${brokerId}.${settings.name}`;
    const topic = notifications ? (notificationTopic ?? `$bridge/${clientId}/state`) : undefined;
    this.#localTopic = topic;
    this.#notify(false, true);
    const { broker } = this.#surroundings;
    this.#lanes = Array.from({ length: connections }, (_, lane) => {
      const laneId = connections === 1 ? clientId : `${clientId}-${lane}`;
      const subscriptions = new RemoteSubscriptions(broker, `${settings.name}/${lane}`, laneId);
      this.#subscriptions.push(subscriptions);
      return new Lane({
        surroundings: this.#surroundings,
        settings,
        names: localNames(settings.name, lane),
        clientId: laneId,
        subscriptions,
        brokerId,
        notificationTopic: notificationsLocalOnly || lane > 0 ? undefined : topic,
        carriesOut: carriesOut && lane === 0,
        tally: this.#tally,
        bandwidth: this.#bandwidth,
        observer: this.#observer(),
      });
    });
    for (const lane of this.#lanes) lane.start();
  }

  #observer(): LaneObserver {
    const { broker, logger } = this.#surroundings;
    const bridge = this.settings.name;
    return {
      changed: () => this.#notify(this.#lanes.some(({ condition }) => condition === 'connected')),
      connected: (lane, { text }) => {
        this.#tally.connections++;
        logger.info({ bridge, address: text, version: versionOf(lane) }, 'the bridge is connected');
        broker.bridgeChanged({ bridge, change: 'connected', address: text, reason: '', code: '' });
      },
      disconnected: (_, { text }, error) => {
        this.#note(error);
        const { code, message } = error;
        logger.info({ bridge, address: text, code }, `the bridge is disconnected: ${message}`);
        broker.bridgeChanged({ bridge, change: 'disconnected', address: text, reason: message, code });
      },
      failed: (_, { text }, error) => this.#failed(text, error),
      caughtUp: () => {
        if (this.#waitingSince !== undefined && this.#waiting() === 0) this.#waitingSince = undefined;
      },
    };
  }

  #failed(address: string, error: BridgeError): void {
    this.#note(error);
    const { broker, logger } = this.#surroundings;
    const bridge = this.settings.name;
    const { code, message } = error;
    const change = code === 'BRIDGE_LOOPS' ? 'stopped' : 'failed';
    logger.warn({ bridge, address, code }, `the bridge cannot connect: ${message}`);
    broker.bridgeChanged({ bridge, change, address, reason: message, code });
  }

  #note({ code, message }: BridgeError): void {
    this.#lastError = { code, message, at: this.#surroundings.clock.now() };
  }

  /** Retained here, for everybody to see. */
  #notify(isConnected: boolean, isFirst = false): void {
    if (this.#localTopic === undefined || (isConnected === this.#toldConnected && !isFirst)) return;
    this.#toldConnected = isConnected;
    const { broker, logger } = this.#surroundings;
    const publisherId = localNames(this.settings.name, 0).out;
    broker
      .publish(this.#localTopic, isConnected ? '1' : '0', { retain: true, qos: 1, publisherId })
      .catch((error: unknown) => {
        logger.debug(
          { err: error, bridge: this.settings.name },
          'the state of a bridge could not be published',
        );
      });
  }
}

function versionOf(lane: Lane | undefined): 4 | 5 | undefined {
  const version = lane?.passage?.terms.version;
  return version === 3 ? undefined : version;
}
