import type { SwallowReason } from './translation.ts';

/** What a bridge does now. */
export type BridgeCondition =
  /** The broker has not started, or the bridge is being made ready here. */
  | 'starting'
  /** A lazy bridge: nothing is to be sent. */
  | 'idle'
  | 'connecting'
  | 'connected'
  /** The connection failed or was lost; the next attempt comes in a while. */
  | 'waiting'
  /** It was removed, the broker closes, or there is no sense in trying again. */
  | 'stopped';

/** One bridge, as it stands. */
export interface BridgeState {
  readonly name: string;
  readonly condition: BridgeCondition;
  /** Connections that are up, of the `connections` there may be. */
  readonly connected: number;
  /** The address in use or tried last. */
  readonly address: string;
  /** What is spoken there; undefined while not connected. */
  readonly protocolVersion: 4 | 5 | undefined;
  /** Milliseconds since 1970; undefined while not connected. */
  readonly connectedAt: number | undefined;
  /** Why the last attempt failed or the last connection ended. */
  readonly lastError: { readonly code: string; readonly message: string; readonly at: number } | undefined;
  readonly counters: BridgeCounters;
}

/** Numbers of one bridge since it was added. */
export interface BridgeCounters {
  /** Messages handed to the remote broker, repeats counted. */
  readonly forwardedOut: number;
  /** Messages handed to this broker, repeats counted. */
  readonly forwardedIn: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Messages that wait here for the remote broker or for its acknowledgement. */
  readonly waiting: number;
  /** Messages that were not carried, by reason. */
  readonly dropped: Readonly<Record<SwallowReason, number>>;
  /** Connections after the first. */
  readonly reconnects: number;
  /** Milliseconds for which messages have been waiting without a break; 0 when none waits. */
  readonly lag: number;
}

/** Counts while a bridge works. */
export class Tally {
  forwardedOut = 0;
  forwardedIn = 0;
  bytesOut = 0;
  bytesIn = 0;
  connections = 0;
  readonly dropped: Record<SwallowReason, number> = {
    'no-rule': 0,
    loop: 0,
    seen: 0,
    'not-retained': 0,
    expired: 0,
    'too-large': 0,
    refused: 0,
  };
}
