import type { MaybePromise } from '@carillon/persistence';

/**
 * The key that signs, as Standard Webhooks writes it: `whsec_` and 24 to 64 random bytes in Base64. Of several, each
 * signs: so a receiver can go over from the old one to the new one.
 */
export type WebhookSecret = string | readonly string[];

/** Headers of the host's own. */
export type WebhookHeaders = Readonly<Record<string, string>>;

/** TLS towards a receiver. */
export interface WebhookTlsOptions {
  /** Authorities that may vouch for the receiver, PEM. Default: those that Node knows. */
  readonly ca?: string | Uint8Array;
  /** The client certificate, PEM. */
  readonly cert?: string | Uint8Array;
  /** Its key, PEM. */
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
  /** The name in the receiver's certificate, where it is not the host of `url`. */
  readonly serverName?: string;
}

/** How long a webhook waits before it tries again: from `minimum`, twice as long each time, up to `maximum`. */
export interface WebhookBackOff {
  /** Milliseconds. Default 1000. The wait is between half of what is due and all of it, by chance. */
  readonly minimum?: number;
  /** Milliseconds. Default 300,000: five minutes. */
  readonly maximum?: number;
}

/** One webhook: which messages go to which URL. */
export interface WebhookOptions {
  /** Names it in logs, topics and `webhooks.state`: up to 40 letters, digits, `_`, `-` and `.`. Its session has the name too. */
  readonly id: string;
  /** Where the messages are sent by POST. User name and password do not belong here but into `headers`. */
  readonly url: string;
  /** The topics whose messages are sent: one topic filter or several. */
  readonly filters: string | readonly string[];
  /**
   * 1: what was published at QoS 1 or 2 is kept until the receiver has it. 0: it is sent once the receiver has time,
   * and lost when it has not. Default 1.
   */
  readonly qos?: 0 | 1;
  /** Sends what is retained when a filter is new. Default false: only what is published from then on. */
  readonly retained?: boolean;
  /** Signs each request; asked for at each attempt when it is a function. Default: none, and nothing is signed. */
  readonly secret?: WebhookSecret | (() => MaybePromise<WebhookSecret>);
  /**
   * `payload`: the body is the payload as it is, and the rest is in headers. `json`: the body is a JSON object with
   * everything, and the signature covers all of it. Default `payload`.
   */
  readonly form?: 'payload' | 'json';
  /** Sent with each request, such as `authorization`; asked for at each attempt when it is a function. Default none. */
  readonly headers?: WebhookHeaders | (() => MaybePromise<WebhookHeaders>);
  readonly tls?: WebhookTlsOptions;
  /** Takes `http:` for other machines too: whoever sits in between then reads the messages. Default false. */
  readonly allowHttp?: boolean;
  /**
   * The addresses that may be connected to, asked of each IP address that the host of `url` stands for. `public`: none
   * of private networks, of this machine or of this link, for URLs that customers give. Default `any`.
   */
  readonly allow?: 'any' | 'public' | ((address: string) => boolean);
  /**
   * Requests under way at a time, never two of one topic, so that order holds within each topic. Default 1: order
   * holds throughout.
   */
  readonly concurrency?: number;
  /** Milliseconds from the connection to the end of the answer, of each attempt. Default 10,000. */
  readonly timeout?: number;
  readonly backOff?: WebhookBackOff;
  /** Milliseconds: a receiver that asks for a longer wait by Retry-After does not get it. Default 3,600,000: an hour. */
  readonly maximumRetryAfter?: number;
  /**
   * Where a message goes that the receiver does not take. Default: none, and unless `dropUndeliverable` is set the
   * webhook goes on trying, with the messages behind it waiting.
   */
  readonly deadLetterTopic?: string;
  /** Drops a message that the receiver does not take, and tells the hook `dropped`. Default false. */
  readonly dropUndeliverable?: boolean;
  /** Attempts after which a message counts as undeliverable; Infinity for no such end. Default 16: about half an hour. */
  readonly maximumAttempts?: number;
  /** Seconds since the broker took a message over; then a failed attempt is its last one. Default Infinity. */
  readonly maximumAge?: number;
  /** Bytes: a larger payload is undeliverable without an attempt. Default 1,048,576, which is what a broker takes by default. */
  readonly maximumPayloadSize?: number;
  /** Bytes of the answer's body that are read, and thrown away; after them the connection is closed. Default 65,536. */
  readonly maximumAnswerSize?: number;
}

/** All webhooks of a broker. */
export interface WebhooksOptions {
  /** The webhooks to begin with; more can be added. */
  readonly hooks?: readonly WebhookOptions[];
  /** Seconds between updates of `$SYS/broker/webhook/…`; 0 turns them off. Default 10. */
  readonly systemTopicInterval?: number;
}
