/** What can be wrong with a bridge, by a code that does not change. */
export type BridgeErrorCode =
  /** An option cannot be; the message says what was wrong and what would be right. */
  | 'BRIDGE_OPTION_INVALID'
  /** The topics would send messages round and round, or the remote broker is this one. */
  | 'BRIDGE_LOOPS'
  /** A bridge of that name is there already. */
  | 'BRIDGE_NAME_TAKEN'
  /** There is no bridge of that name. */
  | 'BRIDGE_UNKNOWN'
  /** The host cannot be found or reached, or does not listen there. */
  | 'BRIDGE_UNREACHABLE'
  /** TLS: a certificate is not trusted or has expired, or the two sides do not agree. */
  | 'BRIDGE_TLS_FAILED'
  /** No answer within `connectTimeout`. */
  | 'BRIDGE_TIMED_OUT'
  /** The remote broker does not accept user name and password. */
  | 'BRIDGE_CREDENTIALS_REFUSED'
  /** The function given as `credentials` failed. */
  | 'BRIDGE_CREDENTIALS_FAILED'
  /** The remote broker refuses the connection for another reason, which the message names. */
  | 'BRIDGE_REFUSED'
  /** The remote broker speaks no version of MQTT that the bridge may use. */
  | 'BRIDGE_VERSION_REFUSED'
  /** The remote broker does not grant a subscription. */
  | 'BRIDGE_SUBSCRIPTION_REFUSED'
  /** This broker does not take the bridge's own connection or subscription. */
  | 'BRIDGE_LOCAL_REFUSED'
  /** The connection was lost. */
  | 'BRIDGE_CONNECTION_LOST'
  /** The remote broker ended the connection and said why. */
  | 'BRIDGE_DISCONNECTED'
  /** Nothing was heard from the remote broker for one and a half times the keep alive. */
  | 'BRIDGE_KEEP_ALIVE'
  /** The remote broker broke a rule of MQTT. */
  | 'BRIDGE_PROTOCOL_ERROR'
  /** A broker could not take a message this time: it is sent again on the next connection. */
  | 'BRIDGE_MESSAGE_NOT_TAKEN';

/** A bridge cannot be made, or its connection came to nothing. The message has no password in it. */
export class BridgeError extends Error {
  readonly code: BridgeErrorCode;
  override readonly name = 'BridgeError';

  constructor(code: BridgeErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
