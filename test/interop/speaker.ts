import type { ProtocolVersion, QoS } from '@carillon/protocol';
import type { Door, InteropBroker } from './broker.ts';
import type { Tool } from './installed.ts';

/** What MQTT 5.0 lets a message carry, written plainly: what each client makes of it can then be compared. */
export interface Properties {
  readonly payloadFormatIndicator?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  /** As UTF-8. */
  readonly correlationData?: string;
  /** Seconds. */
  readonly messageExpiryInterval?: number;
  readonly userProperties?: readonly (readonly [name: string, value: string])[];
  /** Only of received messages. */
  readonly subscriptionIdentifiers?: readonly number[];
}

/** A message to publish. */
export interface Words {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  /** Default 0. */
  readonly qos?: QoS;
  /** Default false. */
  readonly retain?: boolean;
  readonly properties?: Properties;
}

/** A message as a client handed it to its application. */
export interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties: Properties;
}

/** How a client comes to the broker. */
export interface Appearance {
  /** Default: one of its own. */
  readonly clientId?: string;
  /** Default 5. */
  readonly version?: ProtocolVersion;
  /** Default `tcp`. */
  readonly door?: Door;
  readonly username?: string;
  readonly password?: string;
  /** Seconds. Default 60. */
  readonly keepAlive?: number;
  /** Goes on with its session, and keeps it for an hour. Default false. */
  readonly persistent?: boolean;
  readonly will?: Words;
}

/** What a subscriber asks for. */
export interface Wish {
  readonly filters: readonly string[];
  /** Default 2. */
  readonly qos?: QoS;
  /** MQTT 5.0 only. */
  readonly subscriptionIdentifier?: number;
}

/** A client whose subscriptions were granted. */
export interface Subscriber extends AsyncDisposable {
  readonly clientId: string;
  /** The next message. */
  next(): Promise<Heard>;
  /** When the broker has answered a PINGREQ. */
  pinged(): Promise<void>;
  /** Says DISCONNECT and goes. */
  leave(): Promise<void>;
  /** Is gone without a word. */
  die(): Promise<void>;
}

/** A foreign MQTT client: one we did not write, so one that shares none of our misunderstandings. */
export interface Speaker {
  readonly name: string;
  /** What has to be installed; nothing for what npm brings. */
  readonly tools: readonly Tool[];
  readonly doors: readonly Door[];
  /** Whether its DISCONNECT asks for the Will where it can, in MQTT 5.0 (reason code 0x04). */
  readonly leavesItsWill: boolean;
  /**
   * Seconds: the keep alive of the tests in which a client stays idle. Half of it is what a client may be late
   * by, so it must not be short on a machine that is busy.
   */
  readonly idleKeepAlive: number;
  subscribe(broker: InteropBroker, appearance: Appearance, wish: Wish): Promise<Subscriber>;
  /** Connects, publishes one after the other, each acknowledged, and disconnects. */
  publish(broker: InteropBroker, appearance: Appearance, ...words: readonly Words[]): Promise<void>;
}

export const versions: readonly ProtocolVersion[] = [3, 4, 5];
export const qualities: readonly QoS[] = [0, 1, 2];

/** `3.1`, `3.1.1` or `5.0`. */
export function versionName(version: ProtocolVersion): string {
  return { 3: '3.1', 4: '3.1.1', 5: '5.0' }[version];
}

let clientsSoFar = 0;

/** A client id nobody had, short enough for MQTT 3.1. */
export function newClientId(of: string): string {
  clientsSoFar += 1;
  return `${of}-${clientsSoFar}`;
}
