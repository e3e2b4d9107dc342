import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket, Server as TlsServer } from 'node:tls';
import type { WebSocket } from 'ws';
import type { RefusalCode } from './arrival.ts';
import type { Accept, UpgradeRequest } from './channel.ts';
import { ListenerError } from './errors.ts';
import { forwardedClient } from './forwarded.ts';
import {
  type ConnectionOptions,
  type ConnectionSettings,
  connectionKeys,
  readConnectionOptions,
} from './listen-options.ts';
import { listenerName } from './listener-name.ts';
import { plainAddress, unixPeer } from './networks.ts';
import { checkKeys } from './option-checks.ts';
import { remoteOf } from './remote.ts';
import { UpgradeGate } from './upgrade.ts';
import { channelFromWebSocket } from './websocket-channel.ts';
import type { WebSocketOptions } from './websocket-options.ts';
import { readWebSocketOptions, type WebSocketSettings, webSocketKeys } from './websocket-settings.ts';

/** How MQTT shares an HTTP server. */
export interface AttachOptions extends WebSocketOptions, ConnectionOptions {}

/** MQTT on an HTTP server that belongs to somebody else. */
export interface Attachment {
  /** `ws://127.0.0.1:3000/mqtt` or `wss://…`; without host and port while the server does not listen. */
  readonly name: string;
  /** Connections that were handed over and are still there. */
  readonly connections: number;
  /**
   * Lets go of the server, which goes on. Connections that were handed over live on: they belong to whom they were
   * handed to. May be called twice.
   */
  close(): Promise<void>;
}

/**
 * Serves MQTT over WebSocket at one path (default `/mqtt`) of an HTTP or HTTPS server that is already there, with
 * or without Express, Fastify or Socket.IO on it. Requests and upgrades for other paths are left alone. The
 * server may listen already or later.
 *
 * @throws {ListenerError} `LISTENER_OPTION_INVALID`, `LISTENER_PATH_TAKEN`
 *
 * @example
 * const server = http.createServer(app);
 * attach(server, { path: '/mqtt' }, (channel, remote) => broker.handle(channel, remote));
 * server.listen(3000);
 */
export function attach(server: Server, options: AttachOptions, accept: Accept): Attachment {
  checkKeys(options, '', [...webSocketKeys, ...connectionKeys]);
  const attachment = new HttpAttachment(
    server,
    readWebSocketOptions(options, '', '/mqtt'),
    readConnectionOptions(options),
    accept,
  );
  attachment.start();
  return attachment;
}

/** The paths in use, so that two attachments never answer the same request. */
const pathsTaken = new WeakMap<Server, Set<string>>();

class HttpAttachment implements Attachment {
  readonly #server: Server;
  readonly #web: WebSocketSettings;
  readonly #settings: ConnectionSettings;
  readonly #accept: Accept;
  readonly #gate: UpgradeGate;
  readonly #onUpgrade = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (this.#gate.serves(message)) this.#upgrade(message, socket, head);
    else this.#watchForeign(socket);
  };
  #connections = 0;

  constructor(server: Server, web: WebSocketSettings, settings: ConnectionSettings, accept: Accept) {
    this.#server = server;
    this.#web = web;
    this.#settings = settings;
    this.#accept = accept;
    this.#gate = new UpgradeGate(web, settings.lingerTimeout);
  }

  get name(): string {
    return listenerName({
      tls: this.#server instanceof TlsServer,
      webPath: this.#path,
      address: this.#server.address(),
    });
  }

  get connections(): number {
    return this.#connections;
  }

  get #path(): string {
    return this.#web.path ?? '';
  }

  start(): void {
    const taken = pathsTaken.get(this.#server) ?? new Set();
    if (taken.has(this.#path)) {
      throw new ListenerError(
        'LISTENER_PATH_TAKEN',
        `path '${this.#path}': this server has an attachment there`,
      );
    }
    pathsTaken.set(this.#server, taken.add(this.#path));
    this.#server.on('upgrade', this.#onUpgrade);
  }

  async close(): Promise<void> {
    if (!this.#server.listeners('upgrade').includes(this.#onUpgrade)) return;
    this.#server.off('upgrade', this.#onUpgrade);
    pathsTaken.get(this.#server)?.delete(this.#path);
  }

  #upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const peer = typeof this.#server.address() === 'string' ? unixPeer : message.socket.remoteAddress;
    if (peer === undefined) {
      socket.destroy();
      this.#refused(message, 'HANDSHAKE_ABANDONED', 'The peer went away before it was accepted');
      return;
    }
    this.#gate.upgrade(message, socket, head, {
      upgraded: (webSocket, request) => this.#handOver(message.socket, peer, webSocket, request),
      refused: (code, reason, cause) => this.#refused(message, code, reason, cause),
    });
  }

  #handOver(socket: Socket, peer: string, webSocket: WebSocket, request: UpgradeRequest): void {
    this.#connections++;
    socket.once('close', () => {
      this.#connections--;
    });
    const channel = channelFromWebSocket(webSocket, { lingerTimeout: this.#settings.lingerTimeout });
    const remote = remoteOf({
      transport: socket instanceof TLSSocket ? 'wss' : 'ws',
      listener: this.name,
      socket,
      stream: socket,
      request,
      forwarded: forwardedClient(peer, request.headers, this.#web.forwarding),
    });
    try {
      this.#accept(channel, remote);
    } catch (cause) {
      channel.destroy();
      this.#settings.onError(
        new ListenerError('LISTENER_ACCEPT_FAILED', `${this.name}: accept threw`, cause),
      );
    }
  }

  #refused({ socket }: IncomingMessage, code: RefusalCode, message: string, cause?: Error): void {
    const { remoteAddress, remotePort } = socket;
    this.#settings.onRefused({
      code,
      message,
      listener: this.name,
      ...(remoteAddress !== undefined && { address: plainAddress(remoteAddress) }),
      ...(remotePort !== undefined && { port: remotePort }),
      ...(cause !== undefined && { cause }),
    });
  }

  /**
   * An upgrade for another path is somebody else's. When nobody else listens for upgrades it is nobody's: we
   * do not answer for the host, but the socket must neither bring the process down by a reset nor stay for ever.
   */
  #watchForeign(socket: Duplex): void {
    if (this.#server.listenerCount('upgrade') > attachmentsOn(this.#server)) return;
    socket.on('error', () => socket.destroy());
    socket.resume();
    const sent = bytesWritten(socket);
    const deadline = setTimeout(() => {
      if (bytesWritten(socket) === sent) socket.destroy();
    }, this.#settings.handshakeTimeout);
    socket.once('close', () => clearTimeout(deadline));
  }
}

function attachmentsOn(server: Server): number {
  return pathsTaken.get(server)?.size ?? 0;
}

function bytesWritten(socket: Duplex): number {
  return socket instanceof Socket ? socket.bytesWritten : 0;
}
