import type { QueueSummary } from '@carillon/persistence';
import { emptyPacket, nameOf, type StoredPacket } from './aedes-packet.ts';
import type { Backend } from './backend.ts';
import { queueBrokerId } from './broker-ids.ts';
import type { Traits } from './probes.ts';
import { type ForeignState, foreignDelivery, queueItems, sizeOf } from './queue-items.ts';
import type { SessionState } from './session-state.ts';
import { entryPacket, readForeignEntry } from './stored-packets.ts';

/** Shorter queues are not asked whether they are shown whole: no backend shows fewer. */
const suspiciousLength = 1000;

interface Scan {
  length: number;
  bytes: number;
  first: number;
  last: number;
  isOrdered: boolean;
  foreign: number;
  readonly remains: StoredPacket[];
}

/** What becomes known of a queue that is taken up. */
export interface TakenUp {
  readonly summary: QueueSummary;
  /** Packets of Aedes that are ours now. */
  readonly adopted: number;
  /** The backend shows only the beginning; the summary is what there is at most. */
  readonly isCut: boolean;
  readonly damaged: readonly Error[];
}

/**
 * Reads through a client's queue at start: no backend says how long one is. What Aedes has left there is
 * rewritten as ours, behind what is ours already, because it can only have come later.
 */
export async function takeUpQueue(
  backend: Backend,
  id: string,
  state: SessionState,
  traits: Traits,
  now: number,
): Promise<TakenUp> {
  const damaged: Error[] = [];
  let adopted = 0;
  let scan = await scanQueue(backend, id, damaged);
  state.use(scan.last);
  while (scan.foreign > 0) {
    adopted += await adoptQueue(backend, id, state, traits, now);
    damaged.length = 0;
    scan = await scanQueue(backend, id, damaged);
  }
  for (const packet of scan.remains) await backend.takeOut(id, packet);
  state.isDisordered = !scan.isOrdered;
  const isCut = scan.length >= suspiciousLength && (await isShownInPart(backend, id));
  return { summary: summaryOf(scan, state, isCut), adopted, isCut, damaged };
}

async function scanQueue(backend: Backend, id: string, damaged: Error[]): Promise<Scan> {
  const scan: Scan = { length: 0, bytes: 0, first: 0, last: 0, isOrdered: true, foreign: 0, remains: [] };
  for await (const item of queueItems(backend, id)) {
    if (item.kind === 'damaged') damaged.push(item.error);
    else if (item.kind === 'foreign') scan.foreign++;
    else if (item.kind === 'remains') scan.remains.push(item.packet);
    else {
      const { sequence, message } = item.entry;
      if (scan.length === 0) scan.first = sequence;
      if (sequence <= scan.last) scan.isOrdered = false;
      scan.length++;
      scan.bytes += sizeOf(message);
      scan.first = Math.min(scan.first, sequence);
      scan.last = Math.max(scan.last, sequence);
    }
  }
  return scan;
}

/** First the new entry, then the old one goes: a crash in between gives a message twice, but loses none. */
async function adoptQueue(
  backend: Backend,
  id: string,
  state: SessionState,
  traits: Traits,
  now: number,
): Promise<number> {
  const numbers = await numberForeign(backend, id, state, traits);
  let adopted = 0;
  for await (const item of queueItems(backend, id)) {
    if (item.kind !== 'foreign') continue;
    const { packet } = item;
    const sequence = numbers.get(nameOf(packet))?.shift();
    if (sequence === undefined) continue;
    await backend.enqueue(id, entryPacket(readForeignEntry(packet, sequence, now), id, traits.carrier));
    await backend.takeOut(id, packet);
    adopted++;
  }
  return adopted;
}

/**
 * Sequence numbers for what Aedes has left, by name; deliveries go on under their identifiers. A name can have several,
 * because Aedes begins to count anew when it starts.
 */
async function numberForeign(
  backend: Backend,
  id: string,
  state: SessionState,
  { keepsOrder }: Traits,
): Promise<Map<string, number[]>> {
  const found: (ForeignState & { readonly name: string })[] = [];
  for await (const item of queueItems(backend, id)) {
    if (item.kind !== 'foreign') continue;
    const { messageId, cmd, qos } = item.packet;
    found.push({ name: nameOf(item.packet), messageId, cmd, qos });
  }
  // Aedes counts what it queues, so its order is known though the backend has none.
  if (!keepsOrder) found.sort((a, b) => (a.name < b.name ? -1 : 1));
  const taken = new Set(Array.from(state.deliveries.values(), ({ packetId }) => packetId));
  const numbers = new Map<string, number[]>();
  for (const packet of found) {
    const sequence = state.highest + 1;
    state.use(sequence);
    numbers.set(packet.name, [...(numbers.get(packet.name) ?? []), sequence]);
    const delivery = foreignDelivery(packet, taken);
    if (delivery === undefined) continue;
    taken.add(delivery.packetId);
    state.deliver(sequence, delivery);
  }
  return numbers;
}

/** Redis shows the first 1001 packets. One more is put at the end: is it to be seen? */
async function isShownInPart(backend: Backend, id: string): Promise<boolean> {
  const name = { brokerId: queueBrokerId(id), brokerCounter: Number.MAX_SAFE_INTEGER };
  await backend.enqueue(id, { ...emptyPacket, ...name });
  let isSeen = false;
  for await (const item of queueItems(backend, id)) {
    isSeen ||= item.kind === 'remains' && item.packet.brokerCounter === name.brokerCounter;
  }
  await backend.remove(id, name);
  return !isSeen;
}

function summaryOf(scan: Scan, state: SessionState, isCut: boolean): QueueSummary {
  const { length, bytes, first } = scan;
  const lastSequence = state.highest;
  if (!isCut) return { length, bytes, lastSequence };
  const longest = Math.max(length, lastSequence - first + 1);
  return { length: longest, bytes: Math.round((bytes / length) * longest), lastSequence };
}
