import type { Message } from '@carillon/persistence';
import type { QoS, UserProperty } from '@carillon/protocol';

/**
 * The answer of a hook that decides: `true` allows, `false` denies with the usual reason code, `undefined` is
 * no opinion. The first opinion counts; when deciders are registered and none has one, the answer is no.
 */
export type Decision = boolean | undefined | Allowance | Refusal;

/**
 * A "yes". `true` says the same; the longer form carries more in {@link Grant} and {@link SubscribeDecision}.
 *
 * An answer that is frozen is checked once and remembered: one that is given for many messages then costs
 * little more than `true`.
 */
export interface Allowance {
  readonly allow: true;
  /** Why, for the host's eyes: shown by `explain`. Never told to a client. */
  readonly because?: string;
}

/** A "no" that says why. */
export interface Refusal {
  readonly allow: false;
  /** A reason code of 0x80 or above that the answering packet may carry. Default: 0x87 Not authorized. */
  readonly reasonCode?: number;
  /** Why, for the host's eyes: shown by `explain`, in `refused` and in the log. Never told to a client. */
  readonly because?: string;
  /** Told to MQTT 5.0 clients that want to know. */
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
  /** With 0x9C Use another server and 0x9D Server moved: where to go. */
  readonly serverReference?: string;
}

/** Says no, with a reason code (default 0x87 Not authorized) and words for the client. */
export function deny(reasonCode?: number, reasonString?: string): Refusal {
  return {
    allow: false,
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(reasonString === undefined ? {} : { reasonString }),
  };
}

/**
 * Sends a client to another server: CONNACK 0x9C (use it this time) or, when `permanent`, 0x9D (move there).
 * Clients before MQTT 5.0 are told "server unavailable".
 */
export function redirect(serverReference: string, permanent = false): Refusal {
  return { allow: false, reasonCode: permanent ? 0x9d : 0x9c, serverReference };
}

/** An authentication that succeeded, and what goes with it. `true` stands for an empty one. */
export interface Grant extends Allowance {
  /** Who the client is; default: its user name. */
  readonly identity?: string;
  /** Groups or roles the client belongs to, for rules that speak of them; default none. */
  readonly groups?: readonly string[];
  /** Prefix for every topic of this client, in both directions, such as `tenants/7/`. The client does not see it. */
  readonly mountPoint?: string;
  /** What the client may do at most. Hooks may narrow it further, never widen it. */
  readonly permissions?: Permissions;
  /** Lower limits for this client; a value above the broker's own has no effect. */
  readonly limits?: ClientLimits;
  /** Milliseconds since 1970: the connection is ended then (0x87), unless the client re-authenticates before. */
  readonly expiresAt?: number;
  /** Sent in CONNACK. */
  readonly userProperties?: readonly UserProperty[];
  /** Sent in CONNACK. */
  readonly reasonString?: string;
  /** Replaces a client id that the client left empty. Ignored when it gave one. */
  readonly assignedClientId?: string;
  /** Sent in CONNACK when the client asked for response information. */
  readonly responseInformation?: string;
}

/** Topic filters a client is confined to, by action. An absent list does not restrict. `mountPoint` is not part of them. */
export interface Permissions {
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly receive?: readonly string[];
}

/** Limits of one client; each can only lower the broker's own. */
export interface ClientLimits {
  readonly maximumQoS?: QoS;
  readonly retainAvailable?: boolean;
  /** Bytes. */
  readonly maximumPacketSize?: number;
  readonly receiveMaximum?: number;
  readonly maximumSubscriptions?: number;
  /** Messages. */
  readonly maximumQueuedMessages?: number;
  /** Bytes. */
  readonly maximumQueuedBytes?: number;
  /** Seconds. */
  readonly maximumSessionExpiryInterval?: number;
  /** Seconds. */
  readonly serverKeepAlive?: number;
  /** Messages a second that it may publish. Kept by `@carillon/auth-guard`; without it this has no effect. */
  readonly publishRate?: number;
  /** Bytes a second that it may publish, topics and payloads counted. As `publishRate`. */
  readonly publishBytesRate?: number;
}

/** The answer of `authenticate`. */
export type AuthenticateAnswer = boolean | undefined | Grant | Refusal;

/** The answer of `authenticateEnhanced`: ask on, succeed, refuse, or (unknown method) no opinion. */
export type EnhancedAnswer = ContinueAuthentication | EnhancedGrant | Refusal | undefined;

/** Asks the client for another round: AUTH 0x18 with `data`. */
export interface ContinueAuthentication {
  readonly continue: true;
  readonly data?: Uint8Array;
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
}

/** An enhanced authentication that succeeded, or a re-authentication, and what goes with it. */
export interface EnhancedGrant extends Grant {
  /** Authentication Data of the CONNACK, or of the AUTH 0x00 that ends a re-authentication. */
  readonly data?: Uint8Array;
}

/** The answer of `authorizeSubscribe`: it may also lower the QoS. */
export type SubscribeDecision = Decision | (Allowance & { readonly maximumQoS: QoS });

/** What a rewrite of a message may change. */
export type MessageChanges = Partial<Pick<Message, 'topic' | 'payload' | 'qos' | 'retain' | 'properties'>>;
