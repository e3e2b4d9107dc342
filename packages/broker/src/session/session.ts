import type {
  ClientLimits,
  InProcessOptions,
  Permissions,
  Principal,
  SessionView,
  SubscriptionView,
} from '@carillon/hooks';
import type { QueueSummary, SessionRecord } from '@carillon/persistence';
import type { ProtocolVersion } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Engine } from '../engine.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import type { RefusedPublish } from '../publishing/publishing.ts';
import type { Copy, DirectLine, Receiver, Subscription } from '../routing/subscription.ts';
import { topicHash } from '../routing/topic-hash.ts';
import type { Deadline } from '../time/deadlines.ts';
import { Outbox } from './outbox.ts';
import { PacketIdSet } from './packet-id-set.ts';
import type { PendingWill } from './pending-will.ts';
import { SessionSubscriptions } from './session-subscriptions.ts';

/** Never, as Session Expiry Interval says it. */
export const neverExpires = 0xffff_ffff;

export const emptyQueue: QueueSummary = Object.freeze({ length: 0, bytes: 0, lastSequence: 0 });

/** One for all that have none: a million sessions need not each have their own. */
export const noLimits: ClientLimits = Object.freeze({});
export const noGroups: readonly string[] = Object.freeze([]);

/** Who a session belongs to, as authentication found. */
export interface SessionOwner extends Principal {
  readonly permissions: Permissions | undefined;
  readonly limits: ClientLimits;
}

/**
 * What the broker keeps for a client id: subscriptions, what waits and what is in flight in both directions,
 * the Will. It exists from the first CONNECT until it expires or is replaced.
 */
export class Session implements Receiver {
  readonly clientId: string;
  readonly createdAt: number;
  readonly subscriptions = new SessionSubscriptions();
  /** Packet identifiers of QoS 2 messages from the client, taken until PUBREL. [MQTT-4.3.3-10] */
  readonly inboundIds = new PacketIdSet();
  /** QoS 2 messages from the client that hooks are still asked about, by packet identifier. */
  beingTakenOver: Map<number, Promise<FanOut | RefusedPublish>> | undefined = undefined;
  connection: Connection | undefined = undefined;
  protocolVersion: ProtocolVersion;
  /** Seconds. */
  expiryInterval: number;
  disconnectedAt: number | undefined;
  owner: SessionOwner;
  will: PendingWill | undefined = undefined;
  /** Whether the store has all of it: what sessions that end with their connection gather is never written. */
  isStored: boolean;
  /** Whether the store has a record of it: such a session may have left a Will there. */
  isRecorded: boolean;
  /** Rises when what the client may do may have changed. Messages that wait from before are asked about again. */
  rights = 1;
  /** Set when a subscription ended because it was not allowed any more: some of what waits may be by it. */
  hasLostSubscriptions = false;
  /** Of the plugin that it belongs to; undefined for those of clients. */
  reservation: InProcessOptions | undefined;
  /** Set when it has ended: late events of old connections must not revive it. */
  hasEnded = false;
  readonly #engine: Engine;
  /** Made when there is something to send: most of a million sessions wait for nothing. */
  #outbox: Outbox | undefined = undefined;
  /** What the store had of the queue when the session was made. */
  readonly #stored: QueueSummary;
  /** Comes due when the session ends. */
  #expiry: Deadline | undefined = undefined;

  constructor(engine: Engine, record: SessionRecord, queue: QueueSummary, isStored: boolean) {
    this.#engine = engine;
    this.clientId = record.clientId;
    this.createdAt = record.createdAt;
    this.protocolVersion = record.protocolVersion;
    this.expiryInterval = record.sessionExpiryInterval;
    this.disconnectedAt = record.disconnectedAt;
    this.owner = {
      id: record.clientId,
      identity: record.identity,
      groups: record.groups,
      mountPoint: record.mountPoint,
      permissions: undefined,
      limits: noLimits,
    };
    this.reservation = engine.reservedIds.get(record.clientId);
    this.isStored = isStored;
    this.isRecorded = isStored;
    this.#stored = queue;
  }

  /** Everything it has to send, and may have later. */
  get outbox(): Outbox {
    this.#outbox ??= new Outbox(this.#engine, this, this.#stored);
    return this.#outbox;
  }

  /** As `outbox`, but undefined as long as there was nothing to send: a client that only publishes needs none. */
  get usedOutbox(): Outbox | undefined {
    return this.#stored.length > 0 ? this.outbox : this.#outbox;
  }

  /** Messages that wait. */
  get queued(): number {
    return this.#outbox?.queued ?? this.#stored.length;
  }

  /** Topics and payloads of what waits and is in flight. */
  get queuedBytes(): number {
    return this.#outbox?.bytes ?? this.#stored.bytes;
  }

  get inflight(): number {
    return this.#outbox?.inflight.size ?? 0;
  }

  get isConnected(): boolean {
    return this.connection?.isReady === true;
  }

  get publisherId(): string {
    return this.reservation?.publisherId ?? this.clientId;
  }

  takes(topic: string): boolean {
    const part = this.reservation?.part;
    return part === undefined || topicHash(topic) % part.of === part.index;
  }

  get load(): number {
    return this.inflight + this.queued;
  }

  get identity(): string | undefined {
    return this.owner.identity;
  }

  get mountPoint(): string {
    return this.owner.mountPoint;
  }

  get permissions(): Permissions | undefined {
    return this.owner.permissions;
  }

  /** Whether the store alone has messages that other members of a share group could still deliver. */
  get hasSharedTail(): boolean {
    if (this.usedOutbox?.tailBegin === undefined) return false;
    return [...this.subscriptions.values()].some(({ record }) => record.shareName !== undefined);
  }

  /** Whether it goes on when its connection ends. */
  get outlivesConnection(): boolean {
    return this.expiryInterval > 0 && !this.hasEnded;
  }

  get queueLimits(): { maximumQueuedMessages: number; maximumQueuedBytes: number } {
    const { maximumQueuedMessages, maximumQueuedBytes } = this.#engine.options.limits;
    const own = this.owner.limits;
    return {
      maximumQueuedMessages: Math.min(
        maximumQueuedMessages,
        own.maximumQueuedMessages ?? maximumQueuedMessages,
      ),
      maximumQueuedBytes: Math.min(maximumQueuedBytes, own.maximumQueuedBytes ?? maximumQueuedBytes),
    };
  }

  /** Milliseconds since 1970; undefined while connected, or when it never ends. */
  get expiresAt(): number | undefined {
    if (this.disconnectedAt === undefined || this.expiryInterval === neverExpires) return undefined;
    return this.disconnectedAt + this.expiryInterval * 1000;
  }

  expireIn(milliseconds: number): void {
    this.#expiry ??= this.#engine.deadlines.create(() => this.#engine.sessions.expire(this));
    this.#expiry.setIn(milliseconds);
  }

  cancelExpiry(): void {
    this.#expiry?.cancel();
  }

  rightsChanged(): void {
    this.rights++;
  }

  accept(copy: Copy, fanOut: FanOut): void {
    this.outbox.accept(copy, fanOut);
  }

  directLine(version: ProtocolVersion, qos: 0 | 1): DirectLine | undefined {
    if (this.mountPoint !== '' || this.permissions?.receive !== undefined) return undefined;
    if (qos === 1) return this.outbox.directLine(version);
    const mayWait = this.#engine.options.queueQoS0 && this.outlivesConnection;
    return this.isConnected && !mayWait ? this.connection?.directLine(version) : undefined;
  }

  record(): SessionRecord {
    return {
      clientId: this.clientId,
      protocolVersion: this.protocolVersion,
      sessionExpiryInterval: this.expiryInterval,
      createdAt: this.createdAt,
      disconnectedAt: this.disconnectedAt,
      identity: this.owner.identity,
      groups: this.owner.groups,
      mountPoint: this.owner.mountPoint,
    };
  }

  view(): SessionView {
    return {
      clientId: this.clientId,
      identity: this.identity,
      groups: this.owner.groups,
      connected: this.connection !== undefined,
      createdAt: this.createdAt,
      disconnectedAt: this.disconnectedAt,
      expiresAt: this.expiresAt,
      sessionExpiryInterval: this.expiryInterval,
      subscriptions: this.subscriptions.size,
      queued: this.queued,
      queuedBytes: this.queuedBytes,
      inflight: this.inflight,
    };
  }
}

export function subscriptionView({ record }: Subscription): SubscriptionView {
  return {
    filter: record.filter,
    shareName: record.shareName,
    qos: record.qos,
    noLocal: record.noLocal,
    retainAsPublished: record.retainAsPublished,
    retainHandling: record.retainHandling,
    subscriptionIdentifier: record.subscriptionIdentifier,
  };
}
