import type { DropReason } from '@carillon/hooks';
import type { DeliveryState, QueueEntry } from '@carillon/persistence';
import type { Connection } from '../connection/connection.ts';
import { MadeMessage } from '../publishing/content.ts';
import { Copy } from '../routing/subscription.ts';

/** What a message in flight uses up of its connection. */
export type SendQuota = Pick<Connection, 'unfinished'>;

/** A message that waits in a session or is in flight to its client: the living form of a `QueueEntry`. */
export class QueuedMessage extends Copy implements QueueEntry {
  readonly sequence: number;
  packetId = 0;
  state: DeliveryState = 'queued';
  /** The batch that must be stored before it may leave; 0 for none. */
  heldUntil = 0;
  /** Its topic's messages are not stored: it ends with this process. */
  isVolatile = false;
  /** The rights of the session when plugins were asked about it; 0 when only the store remembers. */
  askedAt = 0;
  /** It was another session's: no publisher would send it again, should it not be stored. */
  isPassedOn = false;
  /** Set when it was given up. */
  dropped: DropReason | undefined = undefined;
  /** The connection whose send quota its PUBLISH uses. */
  sentOn: SendQuota | undefined = undefined;

  constructor(sequence: number, copy: Copy) {
    super(copy.content, copy.qos, copy.retain, copy.subscriptionIdentifiers, copy.share);
    this.sequence = sequence;
  }

  get bytes(): number {
    return this.content.size;
  }

  /** As though its delivery had not begun. */
  requeue(): void {
    this.state = 'queued';
    this.packetId = 0;
  }
}

/** As the store had it. */
export function restoredMessage(entry: QueueEntry): QueuedMessage {
  const { message, qos, retain, subscriptionIdentifiers, share } = entry;
  const copy = new Copy(new MadeMessage(message), qos, retain, subscriptionIdentifiers, share);
  const restored = new QueuedMessage(entry.sequence, copy);
  restored.packetId = entry.packetId;
  restored.state = entry.state;
  return restored;
}
