/**
 * The packet cannot be put on the wire: the fault of who built it, never of the peer. Thrown before a byte of
 * the packet is written.
 */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
  readonly code = 'MQTT_ENCODE_ERROR';
  /** The field that is at fault, such as `topic`, `will.qos` or `receiveMaximum`. */
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`${field} ${problem}`);
    this.field = field;
  }
}
