/** Plain numbers that the hot path raises; `$SYS` and `broker.counters()` read them. */
export class TrafficCounters {
  bytesReceived = 0;
  bytesSent = 0;
  /** Packets of any type. */
  messagesReceived = 0;
  messagesSent = 0;
  publishReceived = 0;
  publishSent = 0;
  publishDropped = 0;
  publishBytesReceived = 0;
  publishBytesSent = 0;
  connectionsAccepted = 0;
  connectionsRefused = 0;
  sessionsExpired = 0;
}
