/**
 * An option of `httpBridge` that cannot be: the message names the option, says what is wrong and what would be right, and
 * never shows what may be a secret.
 */
export class HttpBridgeOptionError extends TypeError {
  override readonly name = 'HttpBridgeOptionError';
  readonly code = 'HTTP_BRIDGE_OPTION_INVALID';

  constructor(wrong: string) {
    super(`option ${wrong}`);
  }
}
