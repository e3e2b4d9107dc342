import type { QoS, UserProperty } from '@carillon/protocol';
import { ReasonCode } from '@carillon/protocol';

/** What the handlers of a deciding hook came to. */
export type Verdict = Allowed | Denied;

/** What the handlers of `authorizeSubscribe` came to. */
export type SubscribeVerdict = SubscribeAllowed | Denied;

export interface Allowed {
  readonly allowed: true;
  /** The name of the plugin that decided. */
  readonly by: string;
  /** Why, for the host. */
  readonly because?: string;
}

export interface SubscribeAllowed extends Allowed {
  /** The highest QoS to grant; 2 when nothing was said. */
  readonly maximumQoS: QoS;
}

/** A "no", ready for the packet that carries it. */
export interface Denied {
  readonly allowed: false;
  /** The name of the plugin that decided or failed; `default` when no handler had an opinion. */
  readonly by: string;
  /** 0x80 or above, and one the answering packet may carry. */
  readonly reasonCode: number;
  /** Why, for the host. */
  readonly because?: string;
  /** Why, for the client. */
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
  /** Only with 0x9C and 0x9D. */
  readonly serverReference?: string;
  readonly cause: DenialCause;
}

/** A handler said no; none had an opinion; or one failed, and the packet is refused to be safe. */
export type DenialCause = 'refused' | 'no-opinion' | 'failed';

/** What the host is told of a refusal. */
export function reasonForHost(denied: Pick<Denied, 'because' | 'reasonString'>, fallback: string): string {
  return denied.because ?? denied.reasonString ?? fallback;
}

/** Nobody had an opinion on something that is asked: no. */
export const noOpinion: Denied = Object.freeze({
  allowed: false,
  by: 'default',
  reasonCode: ReasonCode.NotAuthorized,
  cause: 'no-opinion',
});

/** Nobody has anything against it, and nobody's yes is needed. */
export const unopposed: SubscribeAllowed = Object.freeze({ allowed: true, by: 'default', maximumQoS: 2 });

/** What it comes to when no handler has an opinion. */
export function silenceOf(handlers: readonly { readonly onlyRefuses: boolean }[]): SubscribeAllowed | Denied {
  return handlers.every(({ onlyRefuses }) => onlyRefuses) ? unopposed : noOpinion;
}

/** A plain `false`. */
export function deniedBy(plugin: string): Denied {
  return Object.freeze({
    allowed: false,
    by: plugin,
    reasonCode: ReasonCode.NotAuthorized,
    cause: 'refused',
  });
}

/**
 * What a failed handler amounts to. Where it was asked whether something is allowed, its failure is a no
 * (0x87); where it was to change or commit, the packet is refused for a fault that is not the client's (0x80).
 */
export function failedBy(plugin: string, reasonCode: 0x80 | 0x87): Denied {
  return Object.freeze({ allowed: false, by: plugin, reasonCode, cause: 'failed' });
}
