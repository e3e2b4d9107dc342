import { hundredPairs, messageScenario, times } from './messages.ts';
import type { Scenario } from './scenario.ts';

/** The hundred pairs of QoS 0 again: under MQTT 5.0, and over other transports. */
export const ways: readonly Scenario[] = [
  messageScenario({
    name: 'v5-properties',
    title: '5.0 with properties, 100 pairs, window 10',
    needs: ['version5'],
    plan: { ...hundredPairs, version: 5, extras: 'properties' },
    goals: times({ mosquitto: 1, relay: 0.5 }),
  }),
  messageScenario({
    name: 'v5-aliases',
    title: '5.0 with properties and topic aliases, 100 pairs, window 10',
    needs: ['version5', 'aliases'],
    plan: { ...hundredPairs, version: 5, extras: 'aliases' },
    goals: times({ mosquitto: 1 }),
  }),
  messageScenario({
    name: 'tls',
    title: 'TLS, 100 pairs, window 10',
    needs: ['tls'],
    setup: { over: 'tls' },
    plan: hundredPairs,
    goals: times({ mosquitto: 1, relay: 0.5 }),
  }),
  messageScenario({
    name: 'websocket',
    title: 'WebSocket, 100 pairs, window 10',
    needs: ['websocket'],
    setup: { over: 'websocket' },
    plan: hundredPairs,
    goals: times({ mosquitto: 1 }),
  }),
];
