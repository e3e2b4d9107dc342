import type { MessagesPlan } from '../load/plan.ts';
import type { Figure, Goal, Scenario } from './scenario.ts';

export const messageFigures: readonly Figure[] = [
  { id: 'rate', title: 'messages', unit: 'per second', better: 'higher' },
  { id: 'cpu', title: 'broker CPU per message', unit: 'microseconds', better: 'lower' },
];

/** What differs from one pair at QoS 0 with payloads of 64 bytes. */
export interface MessageTraits {
  readonly name: string;
  readonly title: string;
  readonly goals: readonly Goal[];
  readonly plan: Pick<MessagesPlan, 'layout' | 'pace'> &
    Partial<Pick<MessagesPlan, 'qos' | 'version' | 'payloadBytes' | 'extras'>>;
  readonly needs?: Scenario['needs'];
  readonly only?: NonNullable<Scenario['only']>;
  readonly setup?: NonNullable<Scenario['setup']>;
}

export function messageScenario({ plan, needs = [], ...traits }: MessageTraits): Scenario {
  return {
    ...traits,
    needs,
    figures: messageFigures,
    plan: (ground) => ({ ...ground, load: 'messages', version: 4, qos: 0, payloadBytes: 64, ...plan }),
  };
}

/** How many times a peer's message rate is asked for. */
export function times(factors: Partial<Record<'mosquitto' | 'aedes' | 'relay', number>>): Goal[] {
  const against = ['mosquitto', 'aedes', 'relay'] as const;
  return against.flatMap((peer) => {
    const atLeast = factors[peer];
    return atLeast === undefined ? [] : [{ figure: 'rate', against: peer, atLeast }];
  });
}
