import { bench, describe } from 'vitest';
import { copyBytes } from '../src/connection/output-slab.ts';
import { createMessage } from '../src/publishing/broker-message.ts';
import { MadeMessage } from '../src/publishing/content.ts';
import { Copy } from '../src/routing/subscription.ts';
import { Inflight } from '../src/session/inflight.ts';
import { QueuedMessage } from '../src/session/queued-message.ts';

const message = createMessage(
  { topic: 't', payload: new Uint8Array(64), qos: 1, retain: false, origin: 'client', publisherId: 'p' },
  0,
);
const entries = Array.from(
  { length: 100 },
  (_, sequence) => new QueuedMessage(sequence, new Copy(new MadeMessage(message), 1, false, [], undefined)),
);

describe('a window of 100 messages in flight', () => {
  const inflight = new Inflight();
  const map = new Map<number, QueuedMessage>();
  let lastId = 0;

  bench('in slots by identifier', () => {
    for (const entry of entries) inflight.add(entry);
    for (const entry of entries) inflight.remove(entry);
  });
  bench('in a Map, for comparison', () => {
    const first = lastId;
    for (const entry of entries) {
      lastId = (lastId % 65_535) + 1;
      map.set(lastId, entry);
    }
    for (let index = 1; index <= entries.length; index++) map.delete(((first + index - 1) % 65_535) + 1);
  });
});

describe('a payload of 64 bytes that is kept', () => {
  const chunk = Buffer.allocUnsafeSlow(64 * 1024);
  let start = 0;
  let kept = new Uint8Array(0);

  bench('copied by a loop', () => {
    start = (start + 80) % 60_000;
    kept = new Uint8Array(64);
    copyBytes(chunk, start, start + 64, kept, 0);
  });
  bench('from a view of the chunk, for comparison', () => {
    start = (start + 80) % 60_000;
    kept = new Uint8Array(chunk.subarray(start, start + 64));
  });
  if (kept.length > 64) throw new Error('nothing was to be longer');
});
