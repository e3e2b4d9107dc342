import { asError } from '@carillon/hooks/checks';
import type { StoredRecord, SubscriptionRecord } from '@carillon/persistence';
import { nameOf } from './aedes-packet.ts';
import { type IdForm, isReserved, readId, sessionMarker, writeId } from './client-ids.ts';
import type { LevelFolder } from './level-folder.ts';
import type { StoredEntry } from './metadata.ts';
import { ObjectFields } from './object-fields.ts';
import { foreignDelivery, queueItems, sizeOf } from './queue-items.ts';
import { readOrTell } from './read-or-tell.ts';
import {
  type Delivery,
  endingSlot,
  foreignSlot,
  isPacketId,
  readSlot,
  type SessionSlot,
  sessionSlot,
} from './session-slot.ts';
import { readForeignEntry, readRetained, readWill } from './stored-packets.ts';
import { readSubscription } from './stored-subscriptions.ts';

/** A record that cannot be read is told and left out. */
export type Damaged = (error: Error, what: string) => void;

/** An entry with how far its delivery has come. */
export interface FolderEntry {
  readonly entry: StoredEntry;
  readonly delivery: Delivery | undefined;
  /** Aedes's name of the message, the same in every queue; queues are sorted by it. */
  readonly name: string | undefined;
}

/** Everything but the entries of queues that a folder of Aedes holds; nothing is changed in it. */
export async function* folderRecords(
  folder: LevelFolder,
  now: number,
  damaged: Damaged,
): AsyncGenerator<StoredRecord> {
  const form = await folder.idForm();
  const wills = await readWills(folder, form, now, damaged);
  const known = new Set<string>();
  for await (const clientId of folderClientIds(folder, form, damaged)) {
    known.add(clientId);
    yield* sessionRecords(folder, clientId, now, damaged);
    const will = wills.get(clientId);
    if (will !== undefined) yield { kind: 'will', clientId, will };
  }
  for (const [clientId, will] of wills) {
    if (known.has(clientId)) continue;
    const { session } = endingSlot(clientId, now);
    yield { kind: 'session', session, queue: { length: 0, bytes: 0, lastSequence: 0 } };
    yield { kind: 'will', clientId, will };
  }
  for await (const packet of folder.retained()) {
    const message = readOrTell(
      packet,
      (p) => readRetained(p, now),
      (error) => damaged(error, 'retained message'),
    );
    if (message !== undefined) yield { kind: 'retained', message };
  }
}

/** Everybody of whom anything but a Will is stored. */
export async function* folderClientIds(
  folder: LevelFolder,
  form: IdForm,
  damaged: Damaged,
): AsyncGenerator<string> {
  for await (const id of folder.ids()) {
    if (id instanceof Error) damaged(id, 'client id');
    else if (!isReserved(id)) {
      const clientId = readId(id, form);
      if (clientId !== undefined) yield clientId;
    }
  }
}

/**
 * The queue of a client, ours first: what Aedes added came later. Its entries are numbered on, the same each
 * time, because the folder does not change.
 */
export async function* folderQueue(
  folder: LevelFolder,
  clientId: string,
  now: number,
  damaged: Damaged,
): AsyncGenerator<FolderEntry> {
  const id = writeId(clientId, await folder.idForm());
  const { deliveries, highest } = await readSlotOf(folder, clientId, id, now, damaged);
  let sequence = highest;
  for await (const item of queueItems(folder, id)) {
    if (item.kind === 'damaged') damaged(item.error, `queued message of "${clientId}"`);
    if (item.kind !== 'own') continue;
    sequence = Math.max(sequence, item.entry.sequence);
    yield { entry: item.entry, delivery: deliveries.get(item.entry.sequence), name: undefined };
  }
  const taken = new Set(Array.from(deliveries.values(), ({ packetId }) => packetId));
  for await (const item of queueItems(folder, id)) {
    if (item.kind !== 'foreign') continue;
    sequence++;
    const delivery = foreignDelivery(item.packet, taken);
    if (delivery !== undefined) taken.add(delivery.packetId);
    yield { entry: readForeignEntry(item.packet, sequence, now), delivery, name: nameOf(item.packet) };
  }
}

async function* sessionRecords(
  folder: LevelFolder,
  clientId: string,
  now: number,
  damaged: Damaged,
): AsyncGenerator<StoredRecord> {
  const id = writeId(clientId, await folder.idForm());
  const slot = await readSlotOf(folder, clientId, id, now, damaged);
  const summary = { length: 0, bytes: 0, lastSequence: slot.highest };
  for await (const { entry } of folderQueue(folder, clientId, now, () => {})) {
    summary.length++;
    summary.bytes += sizeOf(entry.message);
    summary.lastSequence = Math.max(summary.lastSequence, entry.sequence);
  }
  yield { kind: 'session', session: slot.session, queue: summary };
  for (const subscription of await readSubscriptions(folder, id, slot, damaged)) {
    yield { kind: 'subscription', clientId, subscription };
  }
  const packetIds = new Set([...slot.inboundIds, ...(await folder.incomingNumbers(id)).filter(isPacketId)]);
  for (const packetId of packetIds) yield { kind: 'inboundId', clientId, packetId };
}

async function readSubscriptions(
  folder: LevelFolder,
  id: string,
  slot: SessionSlot,
  damaged: Damaged,
): Promise<SubscriptionRecord[]> {
  const subscriptions: SubscriptionRecord[] = [];
  for (const stored of await folder.subscriptions(id)) {
    try {
      if (stored instanceof Error) throw stored;
      if (new ObjectFields(stored).get('topic') === sessionMarker) continue;
      subscriptions.push(readSubscription(stored, slot));
    } catch (error) {
      damaged(asError(error), `subscription of "${slot.session.clientId}"`);
    }
  }
  return subscriptions;
}

/** The slot of a session that Carillon kept in the folder, or what stands for one that Aedes kept. */
async function readSlotOf(
  folder: LevelFolder,
  clientId: string,
  id: string,
  now: number,
  damaged: Damaged,
): Promise<SessionSlot> {
  try {
    const stored = await folder.slot(id, sessionSlot);
    if (stored !== undefined) return readSlot(new TextDecoder().decode(stored.payload));
  } catch (error) {
    damaged(asError(error), `record of the session "${clientId}"`);
  }
  return foreignSlot(clientId, now);
}

async function readWills(folder: LevelFolder, form: IdForm, now: number, damaged: Damaged) {
  const wills = new Map<string, ReturnType<typeof readWill>>();
  for await (const packet of folder.wills()) {
    const will = readOrTell(
      packet,
      (p) => readWill(p, now),
      (error) => damaged(error, 'Will'),
    );
    if (will === undefined || packet instanceof Error) continue;
    if (packet.clientId === undefined) {
      damaged(new Error('it does not say whose it is'), 'Will');
      continue;
    }
    const clientId = isReserved(packet.clientId) ? undefined : readId(packet.clientId, form);
    if (clientId !== undefined) wills.set(clientId, will);
  }
  return wills;
}
