import type { ByteChannel } from '@carillon/hooks';
import { type DisconnectPacket, type Packet, type PublishPacket, reasonCodeName } from '@carillon/protocol';
import type { Bandwidth } from './bandwidth.ts';
import { BridgeError } from './bridge-error.ts';
import type { Tally } from './bridge-state.ts';
import type { LinkSettings } from './link-settings.ts';
import { connectIn, connectOut, type LocalNames, sendRetained } from './local-session.ts';
import { comesBack } from './loops.ts';
import { Peer } from './peer.ts';
import { Relay, type RelayObserver } from './relay.ts';
import {
  checkGranted,
  connectPacket,
  type Dialect,
  greetRemote,
  type RemoteIdentity,
  type RemoteTerms,
  remoteFilters,
  subscribeIn,
  subscribePacketId,
  unsubscribeIn,
} from './remote-session.ts';
import type { RemoteSubscriptions } from './remote-subscriptions.ts';
import { seenReasonCode } from './several-ways.ts';
import type { Surroundings } from './surroundings.ts';
import type { Side, TopicRule } from './topic-rule.ts';
import { filtersFrom, Translation } from './translation.ts';

/** What a passage is made of. */
export interface PassageOptions {
  readonly surroundings: Surroundings;
  readonly settings: LinkSettings;
  readonly names: LocalNames;
  readonly dialect: Dialect;
  readonly who: RemoteIdentity;
  readonly tally: Tally;
  readonly bandwidth: Bandwidth;
  /** Whether messages out go this way. */
  readonly carriesOut: boolean;
  /** Whether it is asked for what comes in; if not, what has been waiting there still comes. */
  readonly asksForMore: boolean;
  /** Where the remote broker is, as it is shown. */
  readonly address: string;
  readonly subscriptions: RemoteSubscriptions;
  /** The connection that a lazy bridge waited on. */
  readonly out: Peer | undefined;
  /** Told whenever nothing is under way to the remote broker. */
  readonly caughtUp: () => void;
}

/**
 * The connections that make a bridge work, from CONNECT to the end of any of them: one to the remote broker, and to
 * this one a connection that takes messages out and one that brings them in. They live and die together.
 */
export class Passage {
  readonly terms: RemoteTerms;
  /** Messages passed on, both ways. */
  carried = 0;
  readonly #options: PassageOptions;
  readonly #remote: Peer;
  #out: Peer | undefined = undefined;
  #in: Peer | undefined = undefined;
  #outward: Relay | undefined = undefined;
  #inward: Relay | undefined = undefined;
  #subscribed: (reasonCodes: readonly number[]) => void = () => {};
  #over: (error: BridgeError) => void = () => {};
  #stopKeepAlive: () => void = () => {};
  /** Resolves with the reason when the first of the connections ends. */
  readonly over: Promise<BridgeError>;

  private constructor(options: PassageOptions, remote: Peer, terms: RemoteTerms) {
    this.#options = options;
    this.#remote = remote;
    this.terms = terms;
    this.over = new Promise((resolve) => {
      this.#over = (error) => {
        this.#failAll(error);
        resolve(error);
      };
    });
  }

  /** Rejects with a {@link BridgeError}; nothing is left open then. */
  static async open(channel: ByteChannel, options: PassageOptions, signal: AbortSignal): Promise<Passage> {
    const { settings, dialect, who, out } = options;
    const { maximumPacketSize } = settings;
    const remote = new Peer(channel, { version: dialect.version, maximumPacketSize });
    const giveUp = (): void => {
      const error = timeOut(settings);
      remote.fail(error);
      passage?.end(error);
    };
    let passage: Passage | undefined;
    signal.addEventListener('abort', giveUp);
    try {
      if (signal.aborted) giveUp();
      const terms = await greetRemote(remote, connectPacket(settings, dialect, who));
      passage = new Passage(options, remote, terms);
      passage.#refuseMisfits();
      await passage.#begin();
      return passage;
    } catch (error) {
      const why =
        error instanceof BridgeError
          ? error
          : new BridgeError('BRIDGE_CONNECTION_LOST', String(error), error);
      passage?.end(why);
      remote.fail(why);
      out?.fail(why);
      throw why;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Messages on their way to the remote broker that it has not acknowledged. */
  get inflightOut(): number {
    return this.#outward?.inflight ?? 0;
  }

  /** Leaves in order; `forget` asks the remote broker to end the session. */
  leave(reason: string, forget = false): void {
    const { notificationTopic } = this.#options.who;
    if (notificationTopic !== undefined) this.#remote.send(notification(notificationTopic, '0'));
    const properties = forget && this.terms.version === 5 ? { sessionExpiryInterval: 0 } : {};
    const goodbye: DisconnectPacket = { type: 'disconnect', reasonCode: 0, properties };
    this.#remote.close(goodbye);
    this.end(new BridgeError('BRIDGE_CONNECTION_LOST', reason));
  }

  end(error: BridgeError): void {
    this.#over(error);
  }

  // --- the beginning

  #refuseMisfits(): void {
    const { settings, who } = this.#options;
    const { connections, rules } = settings;
    if (this.terms.brokerId === who.brokerId) {
      throw new BridgeError('BRIDGE_LOOPS', 'the remote broker is this one: the bridge would lead to itself');
    }
    if (connections === 1) return;
    if (!this.terms.sharedAvailable) {
      throw new BridgeError(
        'BRIDGE_REFUSED',
        'several connections need shared subscriptions, which it does not have',
      );
    }
    if (this.terms.version === 4 && comesBack(rules) !== undefined) {
      const why = 'with several connections MQTT 3.1.1 has no means against messages that come back';
      throw new BridgeError('BRIDGE_LOOPS', why);
    }
  }

  async #begin(): Promise<void> {
    const { settings, names, surroundings, who, carriesOut, asksForMore } = this.#options;
    this.#keepAlive();
    const rulesIn = filtersFrom('remote', settings.rules);
    if (rulesIn.size > 0) await this.#openInward();
    this.#remote.listen(
      (packet) => this.#fromRemote(packet),
      (error) => this.end(error),
      () => this.#outward?.drained(),
    );
    const shareName = settings.connections > 1 ? `bridge-${settings.name}` : undefined;
    await this.#subscribe(asksForMore ? remoteFilters(rulesIn, shareName) : new Map());
    if (who.notificationTopic !== undefined) this.#remote.send(notification(who.notificationTopic, '1'));
    if (!carriesOut) return;
    const window = Math.min(settings.maximumInflight, this.terms.receiveMaximum);
    this.#out = this.#options.out ?? (await connectOut(surroundings, names, window));
    this.#startOutward(this.#out);
  }

  /** Brings the remote session's subscriptions into line with the rules. */
  async #subscribe(rules: ReadonlyMap<string, TopicRule>): Promise<void> {
    const { address, subscriptions } = this.#options;
    if (!this.terms.sessionPresent) subscriptions.lost(address);
    const wanted = new Map(Array.from(rules, ([filter, { qos }]) => [filter, qos]));
    const changes = subscriptions.changes(address, wanted, this.terms.version === 5);
    if (changes.unsubscribe.length > 0) unsubscribeIn(this.#remote, changes.unsubscribe);
    const missing = new Map([...rules].filter(([filter]) => changes.subscribe.has(filter)));
    if (missing.size > 0) {
      const granted = new Promise<readonly number[]>((resolve, reject) => {
        this.#subscribed = resolve;
        void this.over.then(reject);
      });
      subscribeIn(this.#remote, missing);
      checkGranted([...missing.keys()], await granted);
    }
    await subscriptions.note(address, wanted);
  }

  async #openInward(): Promise<void> {
    const { surroundings, names, settings, who } = this.#options;
    // What the remote broker has forgotten, it will name anew: old identifiers must not be taken for repeats.
    const { peer, terms } = await connectIn(surroundings, names, !this.terms.sessionPresent);
    this.#in = peer;
    const translation = new Translation({
      from: 'remote',
      rules: settings.rules,
      receiver: { version: 5, ...terms },
      leaves: this.#remoteName,
      arrivesAt: [who.brokerId],
      maximumHops: settings.maximumHops,
      isSeen: (stamp) => surroundings.isSeen(stamp, names.bridge),
    });
    const relay = new Relay({
      source: this.#remote,
      sink: peer,
      translation,
      window: terms.receiveMaximum,
      sinkIsNew: false,
      releaseFirst: this.terms.sessionPresent,
      observer: this.#observer('remote'),
      elapsed: () => surroundings.clock.elapsed(),
      spent: (bytes) => this.#spend(bytes, this.#remote),
    });
    this.#inward = relay;
    peer.listen(
      (packet) => this.#fromSink(packet, relay),
      (error) => this.end(error),
      () => relay.drained(),
    );
  }

  #startOutward(peer: Peer): void {
    const { surroundings, settings, who } = this.#options;
    const translation = new Translation({
      from: 'local',
      rules: settings.rules,
      receiver: this.terms,
      leaves: who.brokerId,
      arrivesAt: [this.#remoteName],
      maximumHops: settings.maximumHops,
      isSeen: () => false,
    });
    const relay = new Relay({
      source: peer,
      sink: this.#remote,
      translation,
      window: this.terms.receiveMaximum,
      sinkIsNew: !this.terms.sessionPresent,
      releaseFirst: false,
      observer: this.#observer('local'),
      elapsed: () => surroundings.clock.elapsed(),
      spent: (bytes) => this.#spend(bytes, peer),
    });
    this.#outward = relay;
    peer.listen(
      (packet) => this.#fromOut(packet, relay),
      (error) => this.end(error),
    );
    if (!this.terms.sessionPresent) sendRetained(peer, settings.rules);
  }

  /** A remote broker without a name of its own is known by the bridge that leads there. */
  get #remoteName(): string {
    const { settings, who } = this.#options;
    return this.terms.brokerId ?? `${settings.name}@${who.brokerId}`;
  }

  // --- packets

  #fromRemote(packet: Packet): void {
    switch (packet.type) {
      case 'publish':
        this.#inward?.publish(packet);
        return;
      case 'pubrel':
        if (this.#inward === undefined)
          this.#remote.send({ ...packet, type: 'pubcomp', reasonCode: 0, properties: {} });
        else this.#inward.pubrel(packet);
        return;
      case 'suback':
        if (packet.packetId === subscribePacketId) this.#subscribed(packet.reasonCodes);
        return;
      case 'pingresp':
        return;
      case 'disconnect':
        this.end(disconnected(packet));
        return;
      default:
        if (this.#outward !== undefined) this.#fromSink(packet, this.#outward);
    }
  }

  #fromOut(packet: Packet, relay: Relay): void {
    if (packet.type === 'publish') relay.publish(packet);
    else if (packet.type === 'pubrel') relay.pubrel(packet);
    else if (packet.type === 'disconnect') this.end(disconnected(packet));
  }

  #fromSink(packet: Packet, relay: Relay): void {
    if (packet.type === 'puback') relay.puback(packet);
    else if (packet.type === 'pubrec') relay.pubrec(packet);
    else if (packet.type === 'pubcomp') relay.pubcomp(packet);
    else if (packet.type === 'disconnect') this.end(disconnected(packet));
  }

  #observer(from: Side): RelayObserver {
    const { tally, surroundings, settings, names, caughtUp } = this.#options;
    return {
      forwarded: (bytes) => {
        this.carried++;
        if (from === 'local') {
          tally.forwardedOut++;
          tally.bytesOut += bytes;
        } else {
          tally.forwardedIn++;
          tally.bytesIn += bytes;
        }
      },
      swallowed: (reason, { topic }) => {
        tally.dropped[reason]++;
        surroundings.logger.debug(
          { bridge: settings.name, reason, topic, from },
          'a message was not carried',
        );
      },
      delivered: () => {
        if (from === 'local' && this.inflightOut === 0) caughtUp();
      },
      refused: (reasonCode, stamp) => {
        if (reasonCode === seenReasonCode) {
          tally.dropped.seen++;
          return;
        }
        tally.dropped.refused++;
        if (stamp !== undefined && from === 'remote') surroundings.forget(stamp, names.bridge);
        const name = reasonCodeName(reasonCode);
        surroundings.logger.warn({ bridge: settings.name, from, reasonCode, name }, 'a message was refused');
      },
      troubled: (error) => this.end(error),
    };
  }

  // --- time

  /** Beyond the cap, the one who sends waits. */
  #spend(bytes: number, source: Peer): void {
    const { bandwidth, surroundings } = this.#options;
    const milliseconds = bandwidth.spend(bytes);
    if (milliseconds <= 0) return;
    source.hold('bandwidth');
    surroundings.clock.schedule(milliseconds, () => source.release('bandwidth'));
  }

  /** PINGREQ in good time; who has said nothing since the last one is gone. [MQTT-3.1.2-22] */
  #keepAlive(): void {
    const { clock } = this.#options.surroundings;
    const interval = this.terms.keepAlive * 750;
    if (interval === 0) return;
    let heard = -1;
    const tick = (): void => {
      if (heard === this.#remote.packetsReceived && !this.#remote.isHeld) {
        const silence = `nothing was heard from the remote broker for ${interval / 1000} seconds and more`;
        this.end(new BridgeError('BRIDGE_KEEP_ALIVE', silence));
        return;
      }
      heard = this.#remote.packetsReceived;
      this.#remote.send({ type: 'pingreq' });
      task = clock.schedule(interval, tick);
    };
    let task = clock.schedule(interval, tick);
    this.#stopKeepAlive = () => task.cancel();
  }

  #failAll(error: BridgeError): void {
    this.#stopKeepAlive();
    for (const peer of [this.#remote, this.#out, this.#in]) peer?.fail(error);
  }
}

function notification(topic: string, state: '0' | '1'): PublishPacket {
  return {
    type: 'publish',
    topic,
    payload: new TextEncoder().encode(state),
    qos: 0,
    retain: true,
    dup: false,
    packetId: 0,
    properties: {},
  };
}

function disconnected({ reasonCode, properties }: DisconnectPacket): BridgeError {
  const words = properties.reasonString === undefined ? '' : `: ${properties.reasonString}`;
  const name = reasonCodeName(reasonCode, 'disconnect');
  return new BridgeError('BRIDGE_DISCONNECTED', `the broker ended the connection: ${name}${words}`);
}

function timeOut({ connectTimeout }: LinkSettings): BridgeError {
  return new BridgeError(
    'BRIDGE_TIMED_OUT',
    `the remote broker did not answer within ${connectTimeout} milliseconds`,
  );
}
