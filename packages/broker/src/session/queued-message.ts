import type { DropReason } from '@carillon/hooks';
import type { DeliveryState, Message, QueueEntry } from '@carillon/persistence';
import type { QoS } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import { sizeOf } from '../publishing/broker-message.ts';
import type { Copy } from '../routing/subscription.ts';

/** A message that waits in a session or is in flight to its client: the living form of a `QueueEntry`. */
export class QueuedMessage implements QueueEntry {
  readonly sequence: number;
  readonly message: Message;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  readonly share: string | undefined;
  packetId: number;
  state: DeliveryState;
  /** The batch that must be stored before it may leave; 0 for none. */
  heldUntil = 0;
  /** Its topic's messages are not stored: it ends with this process. */
  isVolatile = false;
  /** Set when it was given up. */
  dropped: DropReason | undefined = undefined;
  /** The connection whose send quota its PUBLISH uses. */
  sentOn: Connection | undefined = undefined;

  constructor(entry: QueueEntry) {
    this.sequence = entry.sequence;
    this.message = entry.message;
    this.qos = entry.qos;
    this.retain = entry.retain;
    this.subscriptionIdentifiers = entry.subscriptionIdentifiers;
    this.share = entry.share;
    this.packetId = entry.packetId;
    this.state = entry.state;
  }

  get bytes(): number {
    return sizeOf(this.message);
  }
}

export function queuedMessage(copy: Copy, message: Message, sequence: number): QueuedMessage {
  return new QueuedMessage({
    sequence,
    message,
    qos: copy.qos,
    retain: copy.retain,
    subscriptionIdentifiers: copy.subscriptionIdentifiers,
    share: copy.share,
    packetId: 0,
    state: 'queued',
  });
}
