import { BackOff } from './back-off.ts';
import { Bandwidth } from './bandwidth.ts';
import { BridgeError } from './bridge-error.ts';
import { type BridgeCondition, type BridgeCounters, type BridgeState, Tally } from './bridge-state.ts';
import { Lane, type LaneObserver } from './lane.ts';
import type { LinkSettings } from './link-settings.ts';
import { bridgeName, formerLanes, type LocalNames, localNames, subscribeOut } from './local-session.ts';
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
    if (forget) await Promise.all(this.#lanes.map((lane) => this.#forget(lane)));
  }

  /** The sessions here that messages out wait in. */
  get outNames(): readonly string[] {
    return this.#names().map(({ out }) => out);
  }

  get state(): BridgeState {
    const connected = this.#lanes.filter((lane) => lane.condition === 'connected' && !lane.isLeaving);
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
    const { broker } = this.#surroundings;
    return this.#lanes.reduce((sum, { names }) => {
      const session = broker.session(names.out);
      return session === undefined ? sum : sum + session.queued + session.inflight;
    }, 0);
  }

  /** Messages wait from here on, whether the remote broker is there or not. */
  async #prepare(): Promise<void> {
    const { settings } = this;
    const surroundings = this.#surroundings;
    const all = this.#names();
    const carriesOut = filtersFrom('local', settings.rules).size > 0;
    const backOff = new BackOff(settings.backOff, surroundings.random);
    const { signal } = this.#stop;
    while (!this.#isStopped) {
      try {
        if (carriesOut) {
          await Promise.all(all.map((names) => subscribeOut(surroundings, names, settings.rules, signal)));
        }
        const brokerId = await this.#unlessStopped(surroundings.brokerId());
        if (brokerId === undefined) return;
        if (!carriesOut) for (const { out } of all) surroundings.broker.endSession(out);
        const former = formerLanes(surroundings, settings.name, settings.connections);
        for (const lane of former) await subscribeOut(surroundings, this.#namesOf(lane), [], signal);
        this.#open(brokerId, carriesOut, former);
        return;
      } catch (error) {
        if (this.#isStopped) return;
        const why =
          error instanceof BridgeError
            ? error
            : new BridgeError('BRIDGE_LOCAL_REFUSED', String(error), error);
        this.#failed(settings.addresses[0]?.text ?? '', why);
        await wait(surroundings, backOff.next(), signal);
      }
    }
  }

  #names(): LocalNames[] {
    return Array.from({ length: this.settings.connections }, (_, lane) => this.#namesOf(lane));
  }

  #namesOf(lane: number): LocalNames {
    return localNames(this.settings.name, lane, this.settings.connections);
  }

  /** A broker that has not started may never do so: who is to leave does not wait for it. */
  #unlessStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    const { signal } = this.#stop;
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    return signal.aborted ? Promise.resolve(undefined) : Promise.race([promise, stopped]);
  }

  #open(brokerId: string, carriesOut: boolean, former: readonly number[]): void {
    const { settings } = this;
    const { notifications, notificationTopic, notificationsLocalOnly } = settings;
    const clientId = settings.clientId ?? `${brokerId}.${settings.name}`;
    const topic = notifications ? (notificationTopic ?? `$bridge/${clientId}/state`) : undefined;
    this.#localTopic = topic;
    this.#notify(false, true);
    const who = { brokerId, clientId, topic: notificationsLocalOnly ? undefined : topic };
    const { length } = this.#names();
    this.#lanes = [
      ...Array.from({ length }, (_, lane) => this.#lane(lane, who, { carriesOut, isLeaving: false })),
      ...former.map((lane) => this.#lane(lane, who, { carriesOut: true, isLeaving: true })),
    ];
    for (const lane of this.#lanes) {
      lane.start();
      if (lane.isLeaving) void lane.ended.then(() => this.#dismiss(lane));
    }
  }

  #lane(
    number: number,
    who: { brokerId: string; clientId: string; topic: string | undefined },
    kind: { carriesOut: boolean; isLeaving: boolean },
  ): Lane {
    const { settings } = this;
    const surroundings = this.#surroundings;
    const clientId = number === 0 ? who.clientId : `${who.clientId}-${number}`;
    return new Lane({
      surroundings,
      settings,
      names: this.#namesOf(number),
      clientId,
      subscriptions: new RemoteSubscriptions(surroundings.broker, `${settings.name}/${number}`, clientId),
      brokerId: who.brokerId,
      notificationTopic: number > 0 ? undefined : who.topic,
      ...kind,
      tally: this.#tally,
      bandwidth: this.#bandwidth,
      observer: this.#observer(),
    });
  }

  /** A connection that the bridge has no more has carried what still waited. */
  async #dismiss(lane: Lane): Promise<void> {
    if (this.#isStopped) return;
    this.#lanes = this.#lanes.filter((one) => one !== lane);
    await this.#forget(lane).catch((error: unknown) => {
      const { logger } = this.#surroundings;
      logger.warn({ err: error, bridge: this.settings.name }, 'what a connection left could not be cleared');
    });
  }

  /** Its sessions here end, and what waits in them is gone. */
  async #forget({ names, subscriptions }: Lane): Promise<void> {
    const { broker } = this.#surroundings;
    broker.endSession(names.in);
    broker.endSession(names.out);
    await subscriptions.forget();
  }

  #observer(): LaneObserver {
    const { broker, logger } = this.#surroundings;
    const bridge = this.settings.name;
    return {
      changed: () => this.#notify(this.#lanes.some(({ condition }) => condition === 'connected')),
      connected: (lane, { text }) => {
        if (!lane.isLeaving) this.#tally.connections++;
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
    const publisherId = bridgeName(this.settings.name);
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
