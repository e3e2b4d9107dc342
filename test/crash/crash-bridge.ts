import type { Bridges } from './killable-broker.ts';

/** A bridge for everything of the traffic, both ways, that comes back at once. */
export function crashBridge(port: number, protocolVersion: 4 | 5): Bridges {
  return {
    brokerId: 'near',
    bridges: [
      {
        name: 'crash',
        addresses: `mqtt://127.0.0.1:${port}`,
        topics: ['crash/# both 2'],
        backOff: { minimum: 20, maximum: 200 },
        protocolVersion,
      },
    ],
  };
}
