import type { Message } from '@carillon/persistence';
import type { StoredPacket } from './aedes-packet.ts';
import { firstDoomedId, type Readable } from './backend.ts';
import { queueBrokerId } from './carrier.ts';
import type { StoredEntry } from './metadata.ts';
import type { Delivery } from './session-slot.ts';
import { readOwnEntry } from './stored-packets.ts';

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
  if (packet.brokerId !== own) return { kind: 'foreign', packet };
  try {
    const entry = readOwnEntry(packet);
    return entry === undefined ? { kind: 'remains', packet } : { kind: 'own', entry };
  } catch (error) {
    return { kind: 'damaged', error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/**
 * How far Aedes had come with a packet. Two packets of a client can bear the same identifier there; then the
 * second has to be sent anew.
 */
export function foreignDelivery(packet: StoredPacket, taken: ReadonlySet<number>): Delivery | undefined {
  const { messageId, cmd, qos } = packet;
  if (messageId === undefined || messageId < 1 || messageId >= firstDoomedId / 2) return undefined;
  if (taken.has(messageId) || (qos === 0 && cmd !== 'pubrel')) return undefined;
  return { packetId: messageId, state: cmd === 'pubrel' ? 'released' : 'sent' };
}

/** Topics and payloads are what a queue's bytes are. */
export function sizeOf(message: Message): number {
  return message.topic.length + message.payload.length;
}
