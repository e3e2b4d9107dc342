import type { Ground, MessagesPlan } from '../load/plan.ts';
import type { Figure, Goal, Scenario } from './scenario.ts';

export const messageFigures: readonly Figure[] = [
  { id: 'rate', title: 'messages', unit: 'per second' },
  { id: 'cpu', title: 'broker CPU per message', unit: 'microseconds' },
];

type Part = 'qos' | 'version' | 'payloadBytes' | 'extras';

/** What differs from one pair at QoS 0 with payloads of 64 bytes. */
export interface MessageTraits extends Omit<Scenario, 'figures' | 'needs' | 'plan'> {
  readonly needs?: Scenario['needs'];
  readonly plan: Pick<MessagesPlan, 'layout' | 'pace'> & Partial<Pick<MessagesPlan, Part>>;
}

export function messageScenario({ plan, needs = [], ...traits }: MessageTraits): Scenario {
  return { ...traits, needs, figures: messageFigures, plan: (ground) => messagesPlan(ground, plan) };
}

export function messagesPlan(ground: Ground, plan: MessageTraits['plan']): MessagesPlan {
  return { ...ground, load: 'messages', version: 4, qos: 0, payloadBytes: 64, ...plan };
}

/** How many times a peer's rate is asked for. */
export function times(factors: Partial<Record<'mosquitto' | 'aedes' | 'relay', number>>): Goal[] {
  const against = ['mosquitto', 'aedes', 'relay'] as const;
  return against.flatMap((peer) => {
    const atLeast = factors[peer];
    return atLeast === undefined ? [] : [{ figure: 'rate', against: peer, atLeast }];
  });
}

/** A hundred pairs with ten messages under way each: the ground on which transports, versions and hooks are compared. */
export const hundredPairs = {
  layout: { kind: 'pairs', pairs: 100 },
  pace: { kind: 'window', messages: 10 },
} as const;
