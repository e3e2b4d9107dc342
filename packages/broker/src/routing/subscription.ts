import type { Message, SubscriptionRecord } from '@carillon/persistence';
import type { ProtocolVersion, QoS } from '@carillon/protocol';
import type { Content } from '../publishing/content.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import type { MessageRun } from '../publishing/message-run.ts';

/** Somebody who can get messages: a session, or a handler in this process. */
export interface Receiver {
  readonly clientId: string;
  /** Compared by No Local. [MQTT-3.8.3-3] */
  readonly publisherId: string;
  /** Prefix of all topics it can see; empty for all there are. */
  readonly mountPoint: string;
  /** Whether it could take a message right now. */
  readonly isConnected: boolean;
  /** Messages in flight and waiting. */
  readonly load: number;
  /** Whether its copies are to be in the store. */
  readonly isStored: boolean;
  /** Whether it takes a topic that its subscriptions match; always the same for a topic, as routes are remembered. */
  takes(topic: string): boolean;
  /** Takes its copy of the message, or tells `fanOut` what became of it. */
  accept(copy: Copy, fanOut: FanOut): void;
  /** Where packets from clients of this version may go in runs; undefined when each message is to be looked at. */
  directLine(version: ProtocolVersion, qos: 0 | 1): DirectLine | undefined;
}

/** A receiver's way out for what nobody has to look at any more. */
export interface DirectLine {
  /** Bytes that it takes right now. */
  readonly room: number;
  /** Messages that it takes right now. */
  readonly window: number;
  /** Takes packets for which there is room. */
  passOn(run: MessageRun): void;
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
  /** Its place among those of its filter, so that leaving costs no search; -1 while it is not registered. */
  place = -1;

  constructor(receiver: Receiver, record: SubscriptionRecord) {
    this.receiver = receiver;
    this.record = record;
  }
}
