/** The host asked for what the broker cannot do in its present state. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: 'BROKER_CLOSED' | 'BROKER_RUNNING';

  constructor(code: BrokerError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
