import type { Message } from './message.ts';

type Properties = Message['properties'];

/** Whether two messages, read at different times, are one and the same publication. */
export function isSameMessage(a: Message, b: Message): boolean {
  return (
    a.receivedAt === b.receivedAt &&
    a.topic === b.topic &&
    a.publisherId === b.publisherId &&
    a.qos === b.qos &&
    a.retain === b.retain &&
    a.origin === b.origin &&
    a.expiresAt === b.expiresAt &&
    areSameBytes(a.payload, b.payload) &&
    areSameProperties(a.properties, b.properties)
  );
}

function areSameProperties(a: Properties, b: Properties): boolean {
  return (
    a.payloadFormatIndicator === b.payloadFormatIndicator &&
    a.messageExpiryInterval === b.messageExpiryInterval &&
    a.contentType === b.contentType &&
    a.responseTopic === b.responseTopic &&
    areSameBytes(a.correlationData, b.correlationData) &&
    JSON.stringify(a.userProperties ?? []) === JSON.stringify(b.userProperties ?? [])
  );
}

function areSameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  // A store that keeps a body once often hands out one array for all who wait for it.
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  // A loop: `every` takes eight times as long, and a copy compares each body once for each queue.
  for (let place = 0; place < a.length; place++) if (a[place] !== b[place]) return false;
  return true;
}
