import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Arrival } from './arrival.ts';

/** What carries the requests of a listener, and how it came in. */
const arrivals = new WeakMap<Duplex, Arrival>();

/** A request came in through a listener, which knows more of its sender than the socket tells. */
export function requestCame({ socket }: IncomingMessage, arrival: Arrival): void {
  arrivals.set(socket, arrival);
}

/** Undefined for a request to somebody else's server. */
export function arrivalOf({ socket }: IncomingMessage): Arrival | undefined {
  return arrivals.get(socket);
}
