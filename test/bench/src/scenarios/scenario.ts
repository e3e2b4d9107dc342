import type { BrokerSetup } from '../brokers/setup.ts';
import type { Ground, LoadPlan } from '../load/plan.ts';
import type { Feature, TargetName } from '../targets/target.ts';

/** A number that a scenario measures. */
export interface Figure {
  /** The key under which the generator reports it. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
}

export type Unit = 'per second' | 'microseconds' | 'bytes' | 'times';

/** What a figure of Carillon's must be: against a peer, or for itself. */
export interface Goal {
  readonly figure: string;
  /** The peer of the same run, another scenario of Carillon's, or nothing: then the figure itself counts. */
  readonly against?: TargetName | { readonly scenario: string };
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** The rate of a closed loop, from which an open one takes its own. */
export interface Saturation {
  readonly scenario: string;
  readonly target: TargetName;
}

export interface Scenario {
  /** As the command line names it: `pairs-100-qos0`. */
  readonly name: string;
  /** As tables name it. */
  readonly title: string;
  readonly needs: readonly Feature[];
  /** Who is measured; absent, everybody who has what it needs. */
  readonly only?: readonly TargetName[];
  readonly setup?: Omit<BrokerSetup, 'store' | 'identity'>;
  /** Subscribers are at a second broker, to which a bridge of the first brings messages at this QoS. */
  readonly bridged?: 0 | 1 | 2;
  /** With a store on disk that promises this. */
  readonly durability?: NonNullable<BrokerSetup['store']>['durability'];
  /** In how many rounds at most: for those that take long and vary little. */
  readonly rounds?: number;
  readonly saturation?: Saturation;
  readonly figures: readonly Figure[];
  readonly goals: readonly Goal[];
  /** @param saturation Messages a second, measured as {@link Scenario.saturation} says; NaN without it. */
  plan(ground: Ground, saturation: number): LoadPlan;
}
