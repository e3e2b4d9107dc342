import type { SubscriptionRecord } from '@carillon/persistence';
import type { Backend } from './backend.ts';
import type { BatchPlan, ClientPlan } from './batch-plan.ts';
import { brokerId, queueBrokerId } from './broker-ids.ts';
import { writeId } from './client-ids.ts';
import type { Traits } from './probes.ts';
import { sessionSlot, writeSlot } from './session-slot.ts';
import type { SessionState } from './session-state.ts';
import { markerSubscription, storedFilter, writeSubscription } from './stored-subscriptions.ts';

/**
 * Writes what a batch comes to. There is no atomic batch, so the order is what is safe to be cut short:
 *
 *     subscriptions, queues, Wills, retained messages ─► slots
 *
 * Identifiers of received QoS 2 messages are in the slots. A crash in between leaves a message that was not
 * acknowledged and comes again; the other way round, its repetition would be taken for known, and it were lost.
 *
 * All that goes side by side is about different keys. Every write is waited for, whatever fails.
 *
 * @throws The first failure.
 */
export async function carryOut(plan: BatchPlan, backend: Backend, traits: Traits): Promise<void> {
  const clients = [...plan.clients.values()];
  await allOf([
    ...clients.map((client) => changeSession(client, backend, traits)),
    ...Array.from(plan.retained.values(), (packet) => backend.storeRetained(packet)),
  ]);
  await allOf(
    clients.flatMap(({ clientId, state }) =>
      state?.mustBeWritten === true ? [storeSlot(clientId, state, false, backend, traits)] : [],
    ),
  );
}

/** Stores what the session has besides subscriptions and queue. `isLast` gives back what was reserved. */
export async function storeSlot(
  clientId: string,
  state: SessionState,
  isLast: boolean,
  backend: Backend,
  traits: Traits,
): Promise<void> {
  state.mustBeWritten = false;
  try {
    await backend.putSlot(writeId(clientId, traits.ids), sessionSlot, writeSlot(state.slot(isLast)));
  } catch (error) {
    state.mustBeWritten = true;
    throw error;
  }
}

/** Forgets all that is stored under a client id. Last what lets it be found: cut short, it is begun again. */
export async function forgetSession(
  backend: Backend,
  id: string,
  willBroker: string | undefined,
): Promise<void> {
  await backend.emptyQueue(id);
  await backend.deleteWill(id, brokerId);
  if (willBroker !== undefined && willBroker !== brokerId) await backend.deleteWill(id, willBroker);
  await backend.cleanSlots(id, sessionSlot);
  await backend.cleanSubscriptions(id);
}

async function changeSession(plan: ClientPlan, backend: Backend, traits: Traits): Promise<void> {
  const id = writeId(plan.clientId, traits.ids);
  if (plan.reset) await forgetSession(backend, id, plan.resetWill);
  if (plan.state === undefined) return;
  if (plan.create) await backend.addSubscriptions(id, [markerSubscription]);
  await changeSubscriptions(plan.subscriptions, id, backend);
  await changeQueue(plan, id, backend, traits);
  await changeWill(plan, plan.state, id, backend);
}

async function changeSubscriptions(
  changes: ReadonlyMap<string, SubscriptionRecord | undefined>,
  id: string,
  backend: Backend,
): Promise<void> {
  const ended = [...changes].filter(([, subscription]) => subscription === undefined);
  await backend.removeSubscriptions(
    id,
    ended.map(([filter]) => storedFilter(filter)),
  );
  const made = [...changes.values()].filter((subscription) => subscription !== undefined);
  await backend.addSubscriptions(id, made.map(writeSubscription));
}

async function changeQueue(plan: ClientPlan, id: string, backend: Backend, traits: Traits): Promise<void> {
  const by = queueBrokerId(id);
  await allOf(
    Array.from(plan.remove, (sequence) => backend.remove(id, { brokerId: by, brokerCounter: sequence })),
  );
  const packets = [...plan.enqueue.values()];
  if (traits.orderedByNumber) {
    await allOf(packets.map((packet) => backend.enqueue(id, packet)));
    return;
  }
  for (const packet of packets) await backend.enqueue(id, packet);
}

async function changeWill(
  plan: ClientPlan,
  state: SessionState,
  id: string,
  backend: Backend,
): Promise<void> {
  const known = state.willBroker;
  if (plan.will === undefined) return;
  if (plan.will !== null) {
    await backend.putWill(id, plan.will, known);
    state.willBroker = brokerId;
  } else if (known !== undefined) {
    await backend.deleteWill(id, known);
    state.willBroker = undefined;
  }
}

async function allOf(writes: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(writes)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
