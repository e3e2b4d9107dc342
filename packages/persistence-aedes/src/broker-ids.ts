/** Names this store to the backend. Constant: Redis finds Wills by it, LevelDB sorts queues by it. */
export const brokerId = 'carillon';

/**
 * Names the packets of one client's queue. Redis keeps packets of all clients under broker id and counter
 * alone, and the counter is the sequence number within one queue.
 */
export function queueBrokerId(clientId: string): string {
  return `${brokerId}-${encodeURIComponent(clientId)}`;
}

/** Whether we have stored what bears the broker id. */
export function isOurBroker(id: string): boolean {
  return id === brokerId || id.startsWith(`${brokerId}-`);
}
