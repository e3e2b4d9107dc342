import type { BrokerSetup } from '../brokers/setup.ts';
import type { Ground, LoadPlan } from '../load/plan.ts';
import type { Feature, TargetName } from '../targets/target.ts';

/** A number that a scenario measures. */
export interface Figure {
  /** The key under which the generator reports it. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly better: 'higher' | 'lower';
}

export type Unit = 'per second' | 'microseconds' | 'bytes' | 'ratio';

/** What a figure of Carillon's must be: against a peer, or for itself. */
export interface Goal {
  readonly figure: string;
  /** The peer of the same run, another scenario of Carillon's, or nothing: then the figure itself counts. */
  readonly against?: TargetName | { readonly scenario: string };
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What a scenario may ask of the run it is part of. */
export interface Conditions extends Ground {
  /** The rate at which a peer was saturated in another scenario; measured then, if it has not been. */
  readonly saturation: number;
}

export interface Scenario {
  /** As the command line names it: `pairs-100-qos0`. */
  readonly name: string;
  /** One line for the table. */
  readonly title: string;
  readonly needs: readonly Feature[];
  /** Who is measured; absent, everybody who has what it needs. */
  readonly only?: readonly TargetName[];
  readonly setup?: Omit<BrokerSetup, 'store' | 'identity'>;
  readonly figures: readonly Figure[];
  readonly goals: readonly Goal[];
  plan(ground: Ground): LoadPlan;
}
