import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { resolve as absolutePath } from 'node:path';
import type { Arrival, Step } from './arrival.ts';
import type { Accept, ByteChannel, Remote } from './channel.ts';
import { channelFromDuplex } from './duplex-channel.ts';
import { ListenerError } from './errors.ts';
import { forwardedClient } from './forwarded.ts';
import {
  type ListenOptions,
  type ListenSettings,
  readListenOptions,
  type TcpListenOptions,
  type UnixListenOptions,
} from './listen-options.ts';
import { listenerName } from './listener-name.ts';
import { proxyStep } from './proxy-step.ts';
import { Reception } from './reception.ts';
import { remoteOf } from './remote.ts';
import { TlsHandshakes } from './tls.ts';
import type { TlsCertificates } from './tls-options.ts';
import { checkCertificates } from './tls-settings.ts';
import { clearStaleSocket } from './unix.ts';
import { webSocketStep } from './websocket.ts';
import { channelFromWebSocket } from './websocket-channel.ts';

/** The address of a TCP, TLS or WebSocket listener; the port is the true one even where 0 was asked for. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6';
}

/** The file of a Unix socket, as an absolute path. */
export interface UnixAddress {
  readonly path: string;
}

/** A place where connections come in. */
export interface Listener<Address extends TcpAddress | UnixAddress = TcpAddress | UnixAddress> {
  /** `tcp://127.0.0.1:1883`, `tls://…`, `ws://127.0.0.1:8080/mqtt`, `wss://…`, `unix:///run/mqtt.sock`. */
  readonly name: string;
  readonly address: Address;
  /** Connections that were handed over and are still there. */
  readonly connections: number;
  /** Sockets that have not finished PROXY protocol, TLS or WebSocket handshake. */
  readonly handshakes: number;
  /**
   * Serves new connections with other certificates, SNI ones included; those that are there keep theirs. When the
   * new ones cannot be used the old ones stay.
   *
   * @throws {ListenerError} `LISTENER_NOT_TLS`, `LISTENER_TLS_INVALID`, `LISTENER_OPTION_INVALID`
   */
  setSecureContext(certificates: TlsCertificates): void;
  /**
   * Stops listening and drops whoever is still in a handshake. Connections that were handed over live on: they
   * belong to whom they were handed to. May be called twice.
   */
  close(): Promise<void>;
}

/**
 * Listens on a TCP port or a Unix socket and hands every connection to `accept` once PROXY protocol, TLS and
 * WebSocket handshake, as far as asked for, are done.
 *
 * @throws {ListenerError} `LISTENER_OPTION_INVALID`, `LISTENER_TLS_INVALID`, `LISTENER_ADDRESS_IN_USE`,
 * `LISTENER_ADDRESS_UNAVAILABLE`, `LISTENER_ADDRESS_FORBIDDEN`, `LISTENER_PATH_NOT_A_SOCKET`, `LISTENER_FAILED`
 *
 * @example
 * const listener = await listen({ port: 8883, tls: { cert, key } }, (channel, remote) => {
 *   console.log('connection from', remote.address);
 *   broker.handle(channel, remote);
 * });
 * await listener.close();
 */
export function listen(options: TcpListenOptions, accept: Accept): Promise<Listener<TcpAddress>>;
export function listen(options: UnixListenOptions, accept: Accept): Promise<Listener<UnixAddress>>;
export function listen(options: ListenOptions, accept: Accept): Promise<Listener>;
export async function listen(options: ListenOptions, accept: Accept): Promise<Listener> {
  const listener = new SocketListener(readListenOptions(options), accept);
  await listener.start();
  return listener;
}

/**
 * Checks options, certificates and keys included, without listening anywhere.
 *
 * @throws {ListenerError} `LISTENER_OPTION_INVALID`, `LISTENER_TLS_INVALID`
 */
export function checkListenOptions(options: ListenOptions): void {
  new SocketListener(readListenOptions(options), () => {});
}

class SocketListener implements Listener {
  readonly #settings: ListenSettings;
  readonly #accept: Accept;
  readonly #server: Server;
  readonly #reception: Reception;
  readonly #tls: TlsHandshakes | undefined;
  #address: TcpAddress | UnixAddress = { path: '' };
  #name = '';
  #closed: Promise<void> | undefined;
  #closeWeb: () => void = () => {};

  constructor(settings: ListenSettings, accept: Accept) {
    this.#settings = settings;
    this.#accept = accept;
    this.#reception = new Reception(settings, settings.place.kind === 'unix', () => this.#name);
    let step = this.#lastStep();
    if (settings.tls !== undefined) {
      const alpn = settings.websocket === undefined ? 'mqtt' : 'http/1.1';
      this.#tls = new TlsHandshakes(settings.tls, alpn, settings.handshakeTimeout, this.#reception, step);
      step = this.#tls.step;
    }
    if (settings.proxyProtocol !== undefined) step = proxyStep(settings.proxyProtocol, this.#reception, step);
    const firstStep = step;
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) =>
      this.#reception.receive(socket, firstStep),
    );
  }

  get name(): string {
    return this.#name;
  }

  get address(): TcpAddress | UnixAddress {
    return this.#address;
  }

  get connections(): number {
    return this.#reception.connections;
  }

  get handshakes(): number {
    return this.#reception.handshakes;
  }

  async start(): Promise<void> {
    const { place, backlog, onError } = this.#settings;
    if (place.kind === 'unix') {
      const path = absolutePath(place.path);
      await clearStaleSocket(path);
      await bind(this.#server, { path, backlog }, place.path);
      if (place.mode !== undefined) this.#permit(path, place.mode);
      this.#address = { path };
    } else {
      const { port, host } = place;
      await bind(
        this.#server,
        { port, backlog, ...(host !== undefined && { host }) },
        `${host ?? '*'}:${port}`,
      );
      this.#address = tcpAddress(this.#server);
    }
    this.#name = this.#describe();
    this.#server.on('error', (error) => {
      onError(new ListenerError('LISTENER_FAILED', `${this.#name}: ${error.message}`, error));
    });
  }

  setSecureContext(certificates: TlsCertificates): void {
    if (this.#tls === undefined) {
      throw new ListenerError(
        'LISTENER_NOT_TLS',
        `${this.#name} was opened without tls: it has no certificates`,
      );
    }
    checkCertificates(certificates, this.#settings.tls?.requestCert === true);
    this.#tls.replace(certificates);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      // Its callback would wait for the connections that were handed over; the port is free without them.
      this.#server.close();
      this.#reception.close();
      this.#closeWeb();
      setImmediate(resolve);
    });
    return this.#closed;
  }

  /** In the same turn in which the socket was bound: nobody was accepted yet. */
  #permit(path: string, mode: number): void {
    try {
      chmodSync(path, mode);
    } catch (cause) {
      this.#server.close();
      throw new ListenerError('LISTENER_FAILED', `path '${path}': its mode cannot be set`, cause);
    }
  }

  #lastStep(): Step {
    const { websocket, tls, lingerTimeout, place, onRequest } = this.#settings;
    if (websocket !== undefined) {
      const options = { closeTimeout: lingerTimeout, onRequest };
      const web = webSocketStep(websocket, options, this.#reception, (arrival, socket, request) => {
        const channel = channelFromWebSocket(socket, { lingerTimeout });
        const forwarded = forwardedClient(this.#nearest(arrival), request.headers, websocket.forwarding);
        this.#handOver(arrival, channel, tls === undefined ? 'ws' : 'wss', { request, forwarded });
      });
      this.#closeWeb = () => web.close();
      return web.step;
    }
    const transport = place.kind === 'unix' ? 'unix' : tls === undefined ? 'tcp' : 'tls';
    return (arrival) => {
      this.#handOver(arrival, channelFromDuplex(arrival.stream, { lingerTimeout }), transport, {});
    };
  }

  /** Who wrote the last entry of a forwarded header: the other end as the PROXY protocol tells it, or the socket's. */
  #nearest(arrival: Arrival): string {
    return arrival.proxied?.source?.address ?? arrival.peer;
  }

  #handOver(
    arrival: Arrival,
    channel: ByteChannel,
    transport: Remote['transport'],
    web: Pick<Parameters<typeof remoteOf>[0], 'request' | 'forwarded'>,
  ): void {
    this.#reception.admit(arrival);
    const { socket, stream, proxied } = arrival;
    const remote = remoteOf({ transport, listener: this.#name, socket, stream, proxied, ...web });
    try {
      this.#accept(channel, remote);
    } catch (cause) {
      channel.destroy();
      this.#settings.onError(
        new ListenerError('LISTENER_ACCEPT_FAILED', `${this.#name}: accept threw`, cause),
      );
    }
  }

  #describe(): string {
    const { websocket, tls } = this.#settings;
    return listenerName({
      tls: tls !== undefined,
      webPath: websocket && (websocket.path ?? ''),
      address: 'path' in this.#address ? this.#address.path : this.#server.address(),
    });
  }
}

function tcpAddress(server: Server): TcpAddress {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('A TCP server has an address and a port');
  return { host: bound.address, port: bound.port, family: bound.family === 'IPv6' ? 'IPv6' : 'IPv4' };
}

/** System errors to our codes; others become `LISTENER_FAILED`. */
const bindErrors = {
  EADDRINUSE: ['LISTENER_ADDRESS_IN_USE', 'another process, or another listener of this one, listens there'],
  EADDRNOTAVAIL: ['LISTENER_ADDRESS_UNAVAILABLE', 'this machine has no such address'],
  ENOTFOUND: ['LISTENER_ADDRESS_UNAVAILABLE', 'this name has no address'],
  EACCES: ['LISTENER_ADDRESS_FORBIDDEN', 'the process may not listen there'],
} as const;

function bind(server: Server, where: Parameters<Server['listen']>[0], shown: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const known = Object.entries(bindErrors).find(([code]) => code === error.code);
      const [code, reason] = known?.[1] ?? (['LISTENER_FAILED', error.message] as const);
      reject(new ListenerError(code, `Cannot listen on ${shown}: ${reason}`, error));
    };
    server.once('error', onError);
    server.listen(where, () => {
      server.off('error', onError);
      resolve();
    });
  });
}
