import { asError } from '@carillon/hooks/checks';
import type { Message } from '@carillon/persistence';
import type { StoredPacket } from './aedes-packet.ts';
import { firstDoomedId, type Readable } from './backend.ts';
import { queueBrokerId } from './broker-ids.ts';
import type { StoredEntry } from './metadata.ts';
import { type Delivery, isPacketId } from './session-slot.ts';
import { readForeignEntry, readOwnEntry } from './stored-packets.ts';

/** What is found in a client's queue. */
export type QueueItem =
  | { readonly kind: 'own'; readonly entry: StoredEntry }
  /** Aedes wrote it. */
  | { readonly kind: 'foreign'; readonly packet: StoredPacket }
  /** What a crash in the middle of a removal has left. */
  | { readonly kind: 'remains'; readonly packet: StoredPacket }
  | { readonly kind: 'damaged'; readonly error: Error };

/** A client's queue, in the order of the backend. @param id As the backend has it. */
export async function* queueItems(source: Readable, id: string): AsyncGenerator<QueueItem> {
  const own = queueBrokerId(id);
  for await (const packet of source.queue(id)) yield itemOf(packet, own);
}

function itemOf(packet: StoredPacket | Error, own: string): QueueItem {
  if (packet instanceof Error) return { kind: 'damaged', error: packet };
  // Where a packet keeps its contents when it gets an identifier, that alone tells that it was to go.
  if (packet.messageId !== undefined && packet.messageId >= firstDoomedId) return { kind: 'remains', packet };
  try {
    if (packet.brokerId !== own) {
      // Whether it can be read is to be known before anything is done with it.
      readForeignEntry(packet, 0, 0);
      return { kind: 'foreign', packet };
    }
    const entry = readOwnEntry(packet);
    return entry === undefined ? { kind: 'remains', packet } : { kind: 'own', entry };
  } catch (error) {
    return { kind: 'damaged', error: asError(error) };
  }
}

/** What says how far Aedes had come with a packet. */
export type ForeignState = Pick<StoredPacket, 'messageId' | 'cmd' | 'qos'>;

/**
 * How far Aedes had come with a packet. Two packets of a client can bear the same identifier there; then the
 * second has to be sent anew.
 */
export function foreignDelivery(
  { messageId, cmd, qos }: ForeignState,
  taken: ReadonlySet<number>,
): Delivery | undefined {
  if (messageId === undefined || !isPacketId(messageId)) return undefined;
  if (taken.has(messageId) || (qos === 0 && cmd !== 'pubrel')) return undefined;
  return { packetId: messageId, state: cmd === 'pubrel' ? 'released' : 'sent' };
}

/** Topics and payloads are what a queue's bytes are. */
export function sizeOf(message: Message): number {
  return message.topic.length + message.payload.length;
}
