import type { Socket } from 'node:net';
import type { Arrival, Step } from './arrival.ts';
import type { TrustedNetworks } from './networks.ts';
import { type ProxyParse, parseProxyHeader } from './proxy-protocol.ts';
import type { Reception } from './reception.ts';

/** Who may, and who must, begin with a PROXY protocol header. */
export interface ProxyPolicy {
  readonly trusted: TrustedNetworks;
  /** True: every connection must begin with a header. */
  readonly required: boolean;
}

/** The step that reads the PROXY protocol header; what follows it stays in the socket. */
export function proxyStep(policy: ProxyPolicy, reception: Reception, next: Step): Step {
  return (arrival) => {
    const trusted = policy.trusted.has(arrival.peer);
    if (!trusted && policy.required) {
      reception.refuse(arrival, 'PROXY_HEADER_UNTRUSTED', 'The peer is not one of the trusted proxies');
      return;
    }
    readHeader(arrival.socket, (parsed) => judge(arrival, parsed, trusted));
  };

  function judge(arrival: Arrival, parsed: ProxyParse, trusted: boolean): void {
    if (parsed.kind === 'absent') {
      if (policy.required) {
        reception.refuse(
          arrival,
          'PROXY_HEADER_MISSING',
          'The connection does not begin with a PROXY protocol header',
        );
      } else next(arrival);
    } else if (!trusted) {
      reception.refuse(arrival, 'PROXY_HEADER_UNTRUSTED', 'The peer may not send a PROXY protocol header');
    } else if (parsed.kind === 'malformed') {
      reception.refuse(
        arrival,
        'PROXY_HEADER_MALFORMED',
        `The PROXY protocol header is malformed: ${parsed.reason}`,
      );
    } else if (parsed.kind === 'header') {
      arrival.proxied = parsed.header;
      next(arrival);
    }
  }
}

/** Reads until it is clear what the first bytes are; gives back what is not part of a header. */
function readHeader(socket: Socket, answer: (parsed: ProxyParse) => void): void {
  let held: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const parsed = parseProxyHeader(held);
    if (parsed.kind === 'incomplete') return;
    socket.off('data', onData);
    socket.pause();
    const rest = parsed.kind === 'header' ? held.subarray(parsed.length) : held;
    if (rest.length > 0) socket.unshift(rest);
    answer(parsed);
  };
  socket.on('data', onData);
}
