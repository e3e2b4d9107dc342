import { messageScenario, times } from './messages.ts';
import type { Scenario } from './scenario.ts';

/** Ten pairs each; windows hold about a megabyte at most, beyond which only copies count. */
export const payloads: readonly Scenario[] = (
  [
    [16, '16 B', 100],
    [256, '256 B', 100],
    [1024, '1 KiB', 100],
    [16 * 1024, '16 KiB', 8],
    [1024 * 1024, '1 MiB', 2],
  ] as const
).map(([payloadBytes, size, window]) =>
  messageScenario({
    name: `payload-${payloadBytes}`,
    title: `payload of ${size}, 10 pairs, window ${window}`,
    plan: { layout: { kind: 'pairs', pairs: 10 }, pace: { kind: 'window', messages: window }, payloadBytes },
    // Up to 1 KiB ahead, above not behind: both are at least once.
    goals: times({ mosquitto: 1, relay: 0.5 }),
  }),
);
