import { Server, Socket } from 'node:net';
import { vi } from 'vitest';

/** The ports that programs of this process asked for, and those they got. */
const borrowed = new Map<number, number>();

/**
 * Lets the examples run as they stand, several at a time and beside whatever listens on this machine: who
 * listens on a fixed port gets a free one, and who connects to that port in the same process arrives there.
 */
export function borrowPorts(): void {
  const { listen } = Server.prototype;
  vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
    const wanted = portOf(args[0]);
    if (wanted === undefined) return Reflect.apply(listen, this, args);
    const note = (): void => {
      const address = this.address();
      if (typeof address === 'object' && address !== null) borrowed.set(wanted, address.port);
    };
    this.prependOnceListener('listening', note);
    Reflect.apply(listen, this, [withPort(args[0], 0), ...args.slice(1)]);
    // Where no name had to be looked up the port is there already, and the event comes later.
    note();
    return this;
  });

  const { connect } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    const [target] = args;
    // Node itself hands on a list of which the first entry says where to.
    if (Array.isArray(target)) target[0] = redirected(target[0]);
    return Reflect.apply(
      connect,
      this,
      Array.isArray(target) ? args : [redirected(target), ...args.slice(1)],
    );
  });
}

function redirected(target: unknown): unknown {
  const port = borrowed.get(portOf(target) ?? 0);
  return port === undefined ? target : withPort(target, port);
}

/** The fixed port in an argument of `listen` or `connect`; undefined when there is none. */
function portOf(target: unknown): number | undefined {
  const given = typeof target === 'object' && target !== null && 'port' in target ? target.port : target;
  const port = typeof given === 'string' || typeof given === 'number' ? Number(given) : 0;
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

function withPort(target: unknown, port: number): unknown {
  return typeof target === 'object' ? { ...target, port } : port;
}
