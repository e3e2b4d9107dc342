import { BridgeError } from './bridge-error.ts';

/** What it means that a connection ended, with this error or without one. */
export function connectionLoss(error: Error | undefined): BridgeError {
  if (error === undefined) return new BridgeError('BRIDGE_CONNECTION_LOST', 'the connection was closed');
  // In TLS 1.3 a server says only after the handshake that it does not take the client's certificate, or misses one.
  if ('code' in error && String(error.code).startsWith('ERR_SSL_')) {
    const reason = 'reason' in error ? String(error.reason) : error.message;
    return new BridgeError('BRIDGE_TLS_FAILED', `TLS failed: ${reason}`, error);
  }
  return new BridgeError('BRIDGE_CONNECTION_LOST', `the connection was lost: ${error.message}`, error);
}
