import type { BrokerSetup } from '../brokers/setup.ts';

/** What a scenario can ask of a broker. */
export type Feature =
  | 'version5'
  | 'wildcards'
  | 'retained'
  | 'sessions'
  | 'aliases'
  | 'tls'
  | 'websocket'
  | 'durable'
  | 'authorize'
  | 'rules'
  | 'bridge';

/** A broker that runs. */
export interface RunningBroker {
  readonly pid: number;
  readonly port: number;
  /** The broker at the other end of its bridge. */
  readonly far?: RunningBroker;
  /** Lets a broker with a garbage collector use it, so that its memory can be read. */
  collectGarbage(): Promise<void>;
  /** What it said on its way out, if it died by itself. */
  readonly death: string | undefined;
  stop(): Promise<void>;
}

/** A broker that is measured. */
export interface Target {
  readonly name: TargetName;
  /** As tables show it. */
  readonly title: string;
  readonly features: ReadonlySet<Feature>;
  /** The version, or `undefined` when it is not installed. */
  version(): string | undefined;
  start(setup: BrokerSetup): Promise<RunningBroker>;
}

export type TargetName = 'carillon' | 'mosquitto' | 'aedes' | 'relay';
