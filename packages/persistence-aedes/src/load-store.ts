import { describeValue } from '@carillon/hooks/checks';
import type { StoredRecord, SubscriptionRecord } from '@carillon/persistence';
import type { StoredPacket } from './aedes-packet.ts';
import type { Backend } from './backend.ts';
import { forgetSession, storeSlot } from './carry-out-plan.ts';
import { isReserved, readId, sessionMarker, writeId } from './client-ids.ts';
import { type LoadedWill, loadWills } from './load-wills.ts';
import { ObjectFields } from './object-fields.ts';
import type { Traits } from './probes.ts';
import { readOrTell } from './read-or-tell.ts';
import { endingSlot, foreignSlot, readSlot, type SessionSlot, sessionSlot } from './session-slot.ts';
import { SessionState } from './session-state.ts';
import { sideBySide } from './side-by-side.ts';
import { readRetained } from './stored-packets.ts';
import { markerSubscription, readSubscription } from './stored-subscriptions.ts';
import { takeUpQueue } from './take-up-queue.ts';

/** Sessions that are read side by side. */
const atOnce = 32;

export interface LoadOptions {
  readonly backend: Backend;
  readonly traits: Traits;
  /** Filled with what is loaded. */
  readonly sessions: Map<string, SessionState>;
  /** Client ids of sessions that Aedes may have written. */
  readonly adopt: Iterable<string> | AsyncIterable<string>;
  /** Told of what could not be read or is not whole. */
  readonly warn: (details: object, message: string) => void;
  readonly now: () => number;
}

/** Everything the engine keeps in memory. */
export async function* loadStore(options: LoadOptions): AsyncGenerator<StoredRecord> {
  const wills = await loadWills(options);
  const marked = await markedSessions(options);
  yield* loadSessions(options, marked, wills);
  yield* loadOrphanedWills(options, wills);
  for await (const packet of options.backend.retained()) {
    const message = readOrTell(
      packet,
      (p) => readRetained(p, options.now()),
      (err) => options.warn({ err }, 'a retained message is damaged and left out'),
    );
    if (message !== undefined) yield { kind: 'retained', message };
  }
}

async function markedSessions({ backend, traits }: LoadOptions): Promise<Set<string>> {
  const marked = new Set<string>();
  for await (const stored of backend.clientsWith(sessionMarker)) {
    const clientId = readId(stored, traits.ids);
    if (clientId !== undefined) marked.add(clientId);
  }
  return marked;
}

async function* loadSessions(
  options: LoadOptions,
  marked: ReadonlySet<string>,
  wills: ReadonlyMap<string, LoadedWill>,
): AsyncGenerator<StoredRecord> {
  const load = (clientId: string): Promise<StoredRecord[]> =>
    loadSession(options, clientId, marked.has(clientId), wills.get(clientId));
  for await (const records of sideBySide(candidates(marked, options.adopt), atOnce, load)) yield* records;
}

async function* candidates(marked: ReadonlySet<string>, adopt: LoadOptions['adopt']): AsyncGenerator<string> {
  yield* marked;
  const told = new Set<string>();
  for await (const clientId of adopt) {
    if (typeof clientId !== 'string') {
      throw new TypeError(`adopt yields ${describeValue(clientId)}; it must yield client ids`);
    }
    if (marked.has(clientId) || told.has(clientId) || isReserved(clientId)) continue;
    told.add(clientId);
    yield clientId;
  }
}

async function loadSession(
  options: LoadOptions,
  clientId: string,
  isMarked: boolean,
  will: LoadedWill | undefined,
): Promise<StoredRecord[]> {
  const { backend, traits } = options;
  const id = writeId(clientId, traits.ids);
  const stored = await backend.slot(id, sessionSlot);
  if (stored === undefined && isMarked) {
    // It was being created or deleted when the process died: nobody was told that it is there.
    await forgetSession(backend, id, will?.broker);
    return [];
  }
  const slot = slotOf(options, clientId, stored);
  const subscriptions = await loadSubscriptions(options, id, slot);
  const state = new SessionState(slot);
  const queue = await takeUpQueue(backend, id, state, traits, options.now());
  const isThere = isMarked || stored !== undefined || subscriptions.length > 0 || queue.summary.length > 0;
  if (!isThere) return [];
  tell(options, clientId, queue);
  state.willBroker = will?.broker;
  options.sessions.set(clientId, state);
  if (!isMarked) {
    await storeSlot(clientId, state, false, backend, traits);
    await backend.addSubscriptions(id, [markerSubscription]);
  } else if (state.mustBeWritten) {
    await storeSlot(clientId, state, false, backend, traits);
  }
  return [
    { kind: 'session', session: slot.session, queue: queue.summary },
    ...subscriptions.map((subscription) => ({ kind: 'subscription', clientId, subscription }) as const),
    ...Array.from(slot.inboundIds, (packetId) => ({ kind: 'inboundId', clientId, packetId }) as const),
    ...(will === undefined ? [] : [{ kind: 'will', clientId, will: will.will } as const]),
  ];
}

/** A client of Aedes without session left a Will: it ends its session here, and so the Will is sent. */
function* loadOrphanedWills(
  { sessions, now }: LoadOptions,
  wills: ReadonlyMap<string, LoadedWill>,
): Generator<StoredRecord> {
  for (const [clientId, { will, broker }] of wills) {
    if (sessions.has(clientId)) continue;
    const slot = endingSlot(clientId, now());
    const state = new SessionState(slot);
    state.willBroker = broker;
    sessions.set(clientId, state);
    yield { kind: 'session', session: slot.session, queue: { length: 0, bytes: 0, lastSequence: 0 } };
    yield { kind: 'will', clientId, will };
  }
}

function slotOf(options: LoadOptions, clientId: string, stored: StoredPacket | undefined): SessionSlot {
  if (stored === undefined) return foreignSlot(clientId, options.now());
  try {
    return readSlot(new TextDecoder().decode(stored.payload));
  } catch (err) {
    options.warn({ err, clientId }, 'the record of a session is damaged: it begins with what else is there');
    return foreignSlot(clientId, options.now());
  }
}

async function loadSubscriptions(
  options: LoadOptions,
  id: string,
  slot: SessionSlot,
): Promise<SubscriptionRecord[]> {
  const subscriptions: SubscriptionRecord[] = [];
  for (const stored of await options.backend.subscriptions(id)) {
    try {
      if (new ObjectFields(stored).get('topic') === sessionMarker) continue;
      subscriptions.push(readSubscription(stored, slot));
    } catch (err) {
      options.warn({ err, clientId: slot.session.clientId }, 'a subscription is damaged and left out');
    }
  }
  return subscriptions;
}

function tell(
  { warn }: LoadOptions,
  clientId: string,
  { isCut, damaged, summary }: Awaited<ReturnType<typeof takeUpQueue>>,
): void {
  for (const err of damaged) warn({ err, clientId }, 'a queued message is damaged and left out');
  if (!isCut) return;
  warn(
    { clientId, atMost: summary.length },
    'the backend shows only the beginning of a queue: the rest follows as messages are acknowledged, and its length is an estimate',
  );
}
