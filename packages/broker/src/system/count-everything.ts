import type { Counters } from '@carillon/hooks';
import type { Engine } from '../engine.ts';

/** The numbers of this moment. Queues are summed over all sessions: not for the hot path. */
export function countEverything(engine: Engine): Counters {
  let clientsConnected = 0;
  let queuedMessages = 0;
  let queuedBytes = 0;
  for (const session of engine.sessions.values()) {
    if (session.connection !== undefined) clientsConnected++;
    queuedMessages += session.queued;
    queuedBytes += session.queuedBytes;
  }
  const { counters, retained } = engine;
  return {
    clientsConnected,
    sessions: engine.sessions.size,
    subscriptions: engine.router.size,
    retainedMessages: retained.size,
    retainedBytes: retained.bytes,
    messagesReceived: counters.messagesReceived,
    messagesSent: counters.messagesSent,
    publishReceived: counters.publishReceived,
    publishSent: counters.publishSent,
    publishDropped: counters.publishDropped,
    bytesReceived: counters.bytesReceived,
    bytesSent: counters.bytesSent,
    connectionsAccepted: counters.connectionsAccepted,
    connectionsRefused: counters.connectionsRefused,
    queuedMessages,
    queuedBytes,
  };
}
