import type { Message } from '../message.ts';
import type { StoreOperation } from '../store.ts';
import type { ModelState } from './model-state.ts';
import type { Random } from './random.ts';
import { aMessage, aSession, aSubscription, aWill, enqueue, someInstant } from './samples.ts';

/** Few names, so that operations meet. */
export const clientIds = ['a', 'ab', 'b', ''] as const;
const filters = ['x', 'x/y', '$share/x/y'] as const;
const topics = ['x', 'x/y', 'y'] as const;

/** A batch of one to ten steps, some of which are several operations; the model takes it up on the way. */
export function randomBatch(random: Random, model: ModelState): StoreOperation[] {
  const batch: StoreOperation[] = [];
  for (let left = 1 + random.below(10); left > 0; left--) {
    for (const operation of randomStep(random, model)) {
      batch.push(operation);
      model.apply(operation);
    }
  }
  return batch;
}

function randomStep(random: Random, model: ModelState): StoreOperation[] {
  const clientId = random.oneOf(clientIds);
  const kind = random.below(100);
  if (kind < 10) return [putRandomSession(random, clientId)];
  if (kind < 13) return [{ do: 'deleteSession', clientId }];
  if (kind < 15) return [{ do: 'deleteSession', clientId }, putRandomSession(random, clientId)];
  if (kind < 35) return [enqueueFor(random, model, clientId, randomMessage(random))];
  if (kind < 50) return enqueueForAll(random, model);
  if (kind < 65) return takeOut(random, model, clientId);
  if (kind < 75) return markOne(random, model, clientId);
  return [randomBelonging(random, clientId)];
}

function putRandomSession(random: Random, clientId: string): StoreOperation {
  const disconnectedAt = random.chance(50) ? undefined : someInstant + random.below(1000);
  return {
    do: 'putSession',
    session: aSession(clientId, { disconnectedAt, identity: `i${random.below(5)}` }),
  };
}

function enqueueForAll(random: Random, model: ModelState): StoreOperation[] {
  const message = randomMessage(random);
  return clientIds
    .filter(() => random.chance(70))
    .map((clientId) => enqueueFor(random, model, clientId, message));
}

/** Usually the next number, sometimes with a gap before it, sometimes that of an entry which is there. */
function enqueueFor(random: Random, model: ModelState, clientId: string, message: Message): StoreOperation {
  const next = model.lastSequence(clientId) + (random.chance(10) ? 1 + random.below(20) : 1);
  const sequence = random.chance(10) ? (randomEntry(random, model, clientId) ?? next) : next;
  return enqueue(clientId, sequence, { message, retain: random.chance(20) });
}

/** The number of an entry near the head of the queue. */
function randomEntry(random: Random, model: ModelState, clientId: string): number | undefined {
  const queue = model.queue(clientId);
  return queue[random.below(Math.min(5, queue.length))]?.sequence;
}

function takeOut(random: Random, model: ModelState, clientId: string): StoreOperation[] {
  const sequence = randomEntry(random, model, clientId) ?? random.below(5);
  const operation: StoreOperation = { do: 'dequeue', clientId, sequence };
  return random.chance(5) ? [operation, operation] : [operation];
}

function markOne(random: Random, model: ModelState, clientId: string): StoreOperation[] {
  const sequence = randomEntry(random, model, clientId) ?? random.below(5);
  const state = random.chance(50) ? 'sent' : 'released';
  return [{ do: 'markSent', clientId, sequence, packetId: 1 + random.below(65_535), state }];
}

function randomBelonging(random: Random, clientId: string): StoreOperation {
  const filter = random.oneOf(filters);
  const packetId = 1 + random.below(4);
  const topic = random.oneOf(topics);
  return random.oneOf<() => StoreOperation>([
    () => ({
      do: 'putSubscription',
      clientId,
      subscription: aSubscription(filter, { qos: random.oneOf([0, 1, 2]) }),
    }),
    () => ({ do: 'deleteSubscription', clientId, filter }),
    () => ({ do: 'putInboundId', clientId, packetId }),
    () => ({ do: 'deleteInboundId', clientId, packetId }),
    () => ({ do: 'putWill', clientId, will: aWill(`will ${random.below(100)}`) }),
    () => ({ do: 'deleteWill', clientId }),
    () => ({ do: 'putRetained', message: { ...randomMessage(random), topic } }),
    () => ({ do: 'deleteRetained', topic }),
  ])();
}

function randomMessage(random: Random): Message {
  const expiresAt = random.chance(30) ? someInstant + random.below(1000) : undefined;
  return aMessage('m'.repeat(random.below(40)), { topic: random.oneOf(topics), expiresAt });
}
