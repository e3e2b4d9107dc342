import type { Broker, ConnackEvent, ConnectedEvent, PluginPlatform, SessionEvent } from '@carillon/hooks';
import { BridgeError } from './bridge-error.ts';
import type { BridgeState } from './bridge-state.ts';
import { BrokerIdentity, checkBrokerId, randomName } from './broker-identity.ts';
import { type Dial, dialNetwork } from './dial.ts';
import { Link } from './link.ts';
import type { BridgeOptions, MqttBridgeOptions } from './link-options.ts';
import { type LinkSettings, settleLink } from './link-settings.ts';
import { bridgeName } from './local-session.ts';
import { refuseCrossing } from './loops.ts';
import { bridgeProperty, readBrokerId } from './path.ts';
import { SeenMessages } from './seen-messages.ts';
import { SeveralWays } from './several-ways.ts';
import type { Surroundings } from './surroundings.ts';
import { SystemReport } from './system-report.ts';

const defaultReportInterval = 10;

/** The bridges of one broker: a plugin for `broker.use`, and the means to see and change them while it runs. */
export class MqttBridge {
  /** Names the plugin. */
  readonly name = 'bridge-mqtt';
  /** @internal */
  readonly hooks = {
    rewriteConnack: (event: ConnackEvent) => this.#nameMyself(event),
    connected: ({ client }: ConnectedEvent) => this.#ways?.clientConnected(client),
    sessionExpired: ({ session }: SessionEvent) => this.#ways?.sessionEnded(session.clientId),
    sessionDeleted: ({ session }: SessionEvent) => this.#ways?.sessionEnded(session.clientId),
    draining: () => this.#leaveAll(),
  };
  readonly #options: MqttBridgeOptions;
  readonly #dial: Dial;
  readonly #links = new Map<string, Link>();
  /** Bridges that are on their way out; their names are free when they are gone. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #seen = new SeenMessages();
  #identity: BrokerIdentity | undefined = undefined;
  #surroundings: Surroundings | undefined = undefined;
  #report: SystemReport | undefined = undefined;
  #ways: SeveralWays | undefined = undefined;

  /** @internal Use `mqttBridge`. */
  constructor(options: MqttBridgeOptions, dial: Dial = dialNetwork) {
    checkBrokerId(options.brokerId);
    this.#options = options;
    this.#dial = dial;
    const settled: LinkSettings[] = [];
    for (const bridge of options.bridges ?? []) settled.push(this.#settle(bridge, settled));
    this.#initial = settled;
  }

  readonly #initial: readonly LinkSettings[];

  /** Every bridge as it stands, by name. */
  get state(): ReadonlyMap<string, BridgeState> {
    return new Map(this.list().map((state) => [state.name, state]));
  }

  /** Every bridge as it stands. */
  list(): readonly BridgeState[] {
    return Array.from(this.#links.values(), (link) => link.state);
  }

  /**
   * Adds a bridge; it connects by itself. Only after `broker.use`.
   *
   * @throws {BridgeError} `BRIDGE_OPTION_INVALID`, `BRIDGE_LOOPS`, `BRIDGE_NAME_TAKEN`
   */
  add(options: BridgeOptions): void {
    this.#open(this.#settle(options, this.#settled()));
  }

  /**
   * Gives a bridge other options. Its sessions stay, and with them what waits: a changed address is another broker,
   * which then gets it. Resolves when the old connection is closed; the new one is made after that.
   *
   * @throws {BridgeError} `BRIDGE_UNKNOWN`, `BRIDGE_OPTION_INVALID`, `BRIDGE_LOOPS`; the bridge then goes on as it is
   */
  async change(options: BridgeOptions): Promise<void> {
    const link = this.#find(options.name);
    const others = this.#settled().filter(({ name }) => name !== options.name);
    const settings = this.#settle(options, others);
    this.#links.delete(settings.name);
    await this.#leave(link, 'the bridge was changed', false);
    this.#open(settings);
  }

  /**
   * Removes a bridge, and its session here with what waits in it. On the remote broker the session ends too where
   * MQTT 5.0 is spoken and the bridge is connected; otherwise it ends there when it expires.
   *
   * @throws {BridgeError} `BRIDGE_UNKNOWN`
   */
  async remove(name: string): Promise<void> {
    const link = this.#find(name);
    this.#links.delete(name);
    await this.#leave(link, 'the bridge was removed', true);
    this.#seen.forgetWay(bridgeName(link.settings.name));
    this.#report?.tell();
  }

  /** @internal */
  setup(broker: Broker, platform: PluginPlatform): void {
    this.#identity = new BrokerIdentity(broker, platform, this.#options.brokerId);
    const identity = this.#identity;
    this.#surroundings = {
      ...platform,
      broker,
      dial: this.#dial,
      brokerId: () => identity.id(),
      isSeen: (stamp, way) => this.#seen.isSeen(stamp, way),
      forget: (stamp, way) => this.#seen.forget(stamp, way),
    };
    const interval = this.#options.systemTopicInterval ?? defaultReportInterval;
    const report = new SystemReport(this.#surroundings, interval, () => this.list());
    this.#report = report;
    const ways = new SeveralWays(broker, this.#seen);
    this.#ways = ways;
    for (const settings of this.#initial) this.#open(settings);
    identity.id().then(
      (id) => {
        ways.begin(id, randomName(platform.random));
        report.start();
      },
      () => {},
    );
  }

  /** @internal */
  async close(): Promise<void> {
    this.#leaveAll();
    await Promise.all(this.#leaving.values());
  }

  #leaveAll(): void {
    this.#report?.stop();
    for (const link of this.#links.values()) void this.#leave(link, 'the broker closes', false);
    this.#links.clear();
    this.#ways?.end();
  }

  #leave(link: Link, reason: string, forget: boolean): Promise<void> {
    const { name } = link.settings;
    this.#ways?.bridgeRemoved(name);
    const leaving = link.stop(reason, forget).finally(() => this.#leaving.delete(name));
    this.#leaving.set(name, leaving);
    return leaving;
  }

  #settle(options: BridgeOptions, others: readonly LinkSettings[]): LinkSettings {
    const settings = settleLink(options);
    for (const other of others) {
      if (other.name === settings.name) {
        throw new BridgeError(
          'BRIDGE_NAME_TAKEN',
          `there is a bridge "${settings.name}" already; change it, or take another name`,
        );
      }
      refuseCrossing(settings, other);
    }
    return settings;
  }

  #settled(): readonly LinkSettings[] {
    return Array.from(this.#links.values(), ({ settings }) => settings);
  }

  #open(settings: LinkSettings): void {
    if (this.#surroundings === undefined) {
      throw new BridgeError(
        'BRIDGE_OPTION_INVALID',
        'bridges can be added once the plugin is registered: broker.use first',
      );
    }
    const link = new Link(settings, this.#surroundings);
    this.#links.set(settings.name, link);
    if (settings.rules.some(({ direction }) => direction !== 'in')) {
      this.#ways?.bridgeAdded(settings.name, link.outNames, settings.maximumHops);
    }
    link.start();
  }

  #find(name: string): Link {
    const link = this.#links.get(name);
    if (link !== undefined) return link;
    const known = [...this.#links.keys()].join(', ') || 'none';
    throw new BridgeError('BRIDGE_UNKNOWN', `there is no bridge "${name}"; there are: ${known}`);
  }

  /** A bridge that connects here learns how this broker is called. */
  async #nameMyself({ client, properties }: ConnackEvent) {
    if (this.#identity === undefined || readBrokerId(client.userProperties) === undefined) return undefined;
    const id = await this.#identity.id();
    return { userProperties: [...(properties.userProperties ?? []), [bridgeProperty, id] as const] };
  }
}

/**
 * Joins the broker to others.
 *
 * @throws {BridgeError} `BRIDGE_OPTION_INVALID`, `BRIDGE_LOOPS`, `BRIDGE_NAME_TAKEN`
 *
 * @example
 * ```ts
 * const bridge = mqttBridge({
 *   bridges: [{ name: 'plant', addresses: 'mqtt://plant.example', topics: ['sensors/# out 1', 'commands/# in 1'] }],
 * });
 * broker.use(bridge);
 * console.log(bridge.state.get('plant')?.condition);
 * ```
 */
export function mqttBridge(options: MqttBridgeOptions = {}): MqttBridge {
  return new MqttBridge(options);
}
