import type { Message, SubscriptionRecord } from '@carillon/persistence';
import type { QoS } from '@carillon/protocol';
import type { Content } from '../publishing/content.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import type { FilterSubscribers } from './filter-subscribers.ts';

/** Somebody who can get messages: a session, or a handler in this process. */
export interface Receiver {
  /** Compared by No Local. [MQTT-3.8.3-3] */
  readonly clientId: string;
  /** Prefix of all topics it can see; empty for all there are. */
  readonly mountPoint: string;
  /** Whether it could take a message right now. */
  readonly isConnected: boolean;
  /** Messages in flight and waiting. */
  readonly load: number;
  /** Whether its copies are to be in the store. */
  readonly isStored: boolean;
  /** Takes its copy of the message, or tells `fanOut` what became of it. */
  accept(copy: Copy, fanOut: FanOut): void;
}

/** One receiver's copy of a message. */
export class Copy {
  readonly content: Content;
  /** The lower of published QoS and grant. [MQTT-3.8.4-8] */
  readonly qos: QoS;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  /** The shared filter it came by, in full; undefined for subscriptions of its own. */
  readonly share: string | undefined;

  constructor(
    content: Content,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[],
    share: string | undefined,
  ) {
    this.content = content;
    this.qos = qos;
    this.retain = retain;
    this.subscriptionIdentifiers = subscriptionIdentifiers;
    this.share = share;
  }

  get message(): Message {
    return this.content.message;
  }
}

/** A subscription in force: the record of it, and who has it. */
export class Subscription {
  readonly receiver: Receiver;
  readonly record: SubscriptionRecord;
  /** The place where it is registered, and its index there; kept by the index so that leaving costs no search. */
  home: FilterSubscribers | undefined = undefined;
  index = -1;

  constructor(receiver: Receiver, record: SubscriptionRecord) {
    this.receiver = receiver;
    this.record = record;
  }
}
