/** What can be wrong with a webhook, by a code that does not change. */
export type WebhookErrorCode =
  /** An option cannot be; the message says what was wrong and what would be right. */
  | 'WEBHOOK_OPTION_INVALID'
  /** What goes to a dead-letter topic would come to the webhook again. */
  | 'WEBHOOK_LOOPS'
  /** A webhook of that id is there already. */
  | 'WEBHOOK_ID_TAKEN'
  /** There is no webhook of that id. */
  | 'WEBHOOK_UNKNOWN'
  /** The host cannot be found or reached, or nobody listens there. */
  | 'WEBHOOK_UNREACHABLE'
  /** The address that the host name stands for is not one that `allow` lets through. */
  | 'WEBHOOK_ADDRESS_REFUSED'
  /** TLS: a certificate is not trusted or has expired, or the two sides do not agree. */
  | 'WEBHOOK_TLS_FAILED'
  /** No answer within `timeout`. */
  | 'WEBHOOK_TIMED_OUT'
  /** The connection was lost before an answer came. */
  | 'WEBHOOK_CONNECTION_LOST'
  /** What came is no HTTP. */
  | 'WEBHOOK_ANSWER_INVALID'
  /** The receiver answered with another status than 2xx, which the message names. */
  | 'WEBHOOK_REFUSED'
  /** The receiver answered 410: it wants no more. The webhook has stopped. */
  | 'WEBHOOK_GONE'
  /** A function given as an option failed, or what it gave cannot be. */
  | 'WEBHOOK_OPTION_FAILED'
  /** The payload is larger than `maximumPayloadSize`. */
  | 'WEBHOOK_TOO_LARGE'
  /** The Message Expiry Interval ran out before the receiver took the message. */
  | 'WEBHOOK_EXPIRED'
  /** The broker did not take the message for the dead-letter topic this time. */
  | 'WEBHOOK_DEAD_LETTER_REFUSED'
  /** The broker does not take the webhook's session or subscription, or has ended the session. */
  | 'WEBHOOK_LOCAL_REFUSED';

/** A webhook cannot be made, or an attempt came to nothing. The message has no secret in it. */
export class WebhookError extends Error {
  readonly code: WebhookErrorCode;
  override readonly name = 'WebhookError';

  constructor(code: WebhookErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
