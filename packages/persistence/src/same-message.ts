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
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  return a.every((byte, place) => byte === b[place]);
}
