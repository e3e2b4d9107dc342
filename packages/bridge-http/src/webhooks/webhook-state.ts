/** What a webhook does now. */
export type WebhookCondition =
  /** The broker has not started, or the webhook's session is being made ready. */
  | 'starting'
  /** The receiver takes what comes, as far as is known. */
  | 'ready'
  /** The last attempt failed; the next one comes in a while. */
  | 'waiting'
  /** The receiver answered 410, or the webhook was removed, or the broker closes. Messages still wait. */
  | 'stopped';

/** Why a message was given up without the receiver and without a dead-letter topic. */
export type WebhookDropReason =
  /** The receiver refused it for good, or all attempts failed. */
  | 'undeliverable'
  /** It is larger than `maximumPayloadSize`. */
  | 'too-large'
  /** Its Message Expiry Interval ran out. */
  | 'expired';

/** One webhook, as it stands. */
export interface WebhookState {
  readonly id: string;
  readonly condition: WebhookCondition;
  /** Scheme, host and port of the URL: a path may be a secret. */
  readonly address: string;
  /** The status of the last answer; undefined before the first one. */
  readonly lastStatus: number | undefined;
  /** Milliseconds since 1970: when the receiver last took a message. */
  readonly lastDeliveredAt: number | undefined;
  /** Why the last attempt failed that did. */
  readonly lastError: { readonly code: string; readonly message: string; readonly at: number } | undefined;
  readonly counters: WebhookCounters;
}

/** Numbers of one webhook since it was added. */
export interface WebhookCounters {
  /** Messages that the receiver has taken. */
  readonly delivered: number;
  /** Their payloads. */
  readonly bytes: number;
  /** Attempts after the first one of a message. */
  readonly retried: number;
  /** Messages that went to the dead-letter topic. */
  readonly deadLettered: number;
  /** Messages that were given up, by reason. */
  readonly dropped: Readonly<Record<WebhookDropReason, number>>;
  /** Messages that wait here for the receiver or for its answer. */
  readonly waiting: number;
  /** Milliseconds since the broker took over the oldest message that is being delivered; 0 when none is. */
  readonly lag: number;
}

/** Counts while a webhook works. */
export class Tally {
  delivered = 0;
  bytes = 0;
  retried = 0;
  deadLettered = 0;
  readonly dropped: Record<WebhookDropReason, number> = { undeliverable: 0, 'too-large': 0, expired: 0 };
}
