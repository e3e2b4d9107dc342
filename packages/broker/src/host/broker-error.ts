/** What the host asked for cannot be done in the present state of the broker, or of its store. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: 'BROKER_CLOSED' | 'BROKER_RUNNING' | 'BROKER_STORE_HANGS';

  constructor(code: BrokerError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
