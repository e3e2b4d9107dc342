import type { Backend } from './backend.ts';
import { brokerId, queueBrokerId } from './broker-ids.ts';
import type { Carrier } from './carrier.ts';
import { type IdForm, probeClientIds } from './client-ids.ts';
import type { StoredEntry } from './metadata.ts';
import { sessionSlot } from './session-slot.ts';
import { entryPacket, readOwnEntry, willPacket } from './stored-packets.ts';

/** How a backend behaves, where they differ. */
export interface Traits {
  readonly carrier: Carrier;
  /** `prefix-free` when the queue and subscriptions of `ab` are also read as those of `a`. */
  readonly ids: IdForm;
  /**
   * Queues are read by sequence number, and a second entry under a number replaces the first: entries can be
   * stored side by side. Elsewhere they are read as they arrived.
   */
  readonly orderedByNumber: boolean;
  /** Whether queues come back by number or as they arrived; MongoDB promises neither. */
  readonly keepsOrder: boolean;
  /** Whether storing again in a slot replaces what was there; MongoDB adds. */
  readonly slotsReplace: boolean;
  readonly willsReplace: boolean;
}

const [probeId, longerId] = probeClientIds;

/** Tries the backend out, under client ids that no client can have. Leaves nothing behind. */
export async function probe(backend: Backend): Promise<Traits> {
  await forgetProbes(backend);
  try {
    const ids = await probeIds(backend);
    const slotsReplace = await probeSlots(backend);
    const willsReplace = await probeWills(backend);
    return { ids, slotsReplace, willsReplace, ...(await probeQueue(backend)) };
  } finally {
    await forgetProbes(backend);
  }
}

async function probeIds(backend: Backend): Promise<IdForm> {
  await backend.addSubscriptions(longerId, [{ topic: 'probe', qos: 0 }]);
  const leaked = await backend.subscriptions(probeId);
  return leaked.length > 0 ? 'prefix-free' : 'plain';
}

/** Stores entries 2, 1, 1 again and 3, and looks at what comes back. */
async function probeQueue(
  backend: Backend,
): Promise<Pick<Traits, 'carrier' | 'orderedByNumber' | 'keepsOrder'>> {
  for (const [sequence, text] of [
    [2, 'second'],
    [1, 'replaced'],
    [1, 'first'],
    [3, 'third'],
  ] as const) {
    await backend.enqueue(probeId, entryPacket(probeEntry(sequence, text), probeId, 'nl'));
  }
  const texts: string[] = [];
  const numbers: number[] = [];
  let keepsField = true;
  for await (const packet of backend.queue(probeId)) {
    if (packet instanceof Error || packet.brokerId !== queueBrokerId(probeId)) continue;
    texts.push(new TextDecoder().decode(packet.payload));
    numbers.push(packet.brokerCounter);
    const entry = readOwnEntry(packet);
    keepsField &&= entry?.message.publisherId === 'probe';
  }
  return {
    carrier: keepsField && texts.length > 0 ? 'nl' : 'payload',
    orderedByNumber: texts.join() === 'first,second,third',
    // Whether the replaced entry is still there does not matter.
    keepsOrder: ['1,2,3', '1,1,2,3', '2,1,3', '2,1,1,3'].includes(numbers.join()),
  };
}

async function probeSlots(backend: Backend): Promise<boolean> {
  await backend.putSlot(probeId, sessionSlot, 'old');
  try {
    await backend.putSlot(probeId, sessionSlot, 'new');
  } catch {
    // A duplicate key: the old record has to go first.
    return false;
  }
  const found = await backend.slot(probeId, sessionSlot);
  return found !== undefined && new TextDecoder().decode(found.payload) === 'new';
}

async function probeWills(backend: Backend): Promise<boolean> {
  const { message } = probeEntry(1, 'will');
  const packet = willPacket({ message, delayInterval: 0, dueAt: undefined }, 'nl');
  await backend.putWill(probeId, packet, undefined);
  try {
    await backend.putWill(probeId, { ...packet, topic: 'new' }, undefined);
  } catch {
    return false;
  }
  const topics: string[] = [];
  for await (const will of backend.wills()) {
    if (!(will instanceof Error) && will.clientId === probeId) topics.push(will.topic);
  }
  return topics.join() === 'new';
}

async function forgetProbes(backend: Backend): Promise<void> {
  for (const id of probeClientIds) {
    await backend.emptyQueue(id);
    // Where storing again adds, there are two.
    for (let i = 0; i < 2; i++) {
      await backend.deleteWill(id, brokerId);
      await backend.deleteSlot(id, sessionSlot);
    }
    await backend.cleanSubscriptions(id);
  }
}

function probeEntry(sequence: number, text: string): StoredEntry {
  return {
    sequence,
    message: {
      topic: 'probe',
      payload: new TextEncoder().encode(text),
      qos: 1,
      retain: false,
      properties: {},
      origin: 'system',
      publisherId: 'probe',
      receivedAt: 0,
      expiresAt: undefined,
    },
    qos: 1,
    retain: false,
    subscriptionIdentifiers: [],
    share: undefined,
  };
}
