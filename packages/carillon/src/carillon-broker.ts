import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Limits } from '@carillon/broker';
import type { Broker, ByteChannel, CloseOptions, Remote } from '@carillon/hooks';
import type {
  Attachment,
  AttachOptions,
  Listener,
  ListenOptions,
  TcpAddress,
  TcpListenOptions,
  UnixAddress,
  UnixListenOptions,
} from '@carillon/listeners';

/** A broker in a Node process: all of {@link Broker}, and the ways in. */
export interface CarillonBroker extends Broker, AsyncDisposable {
  /** The limits in force. */
  readonly limits: Limits;

  /**
   * Opens the store and takes up what it has. Everything that needs it does this by itself; call it to learn of a
   * store that cannot be opened before anything else happens.
   */
  start(): Promise<void>;

  /**
   * Listens on a TCP port or a Unix socket; with `tls` encrypted, with `websocket` for MQTT over WebSocket.
   * Without `host` on all interfaces, as Node itself does: on a machine that others can reach, say
   * `host: '127.0.0.1'` or register a plugin that authenticates.
   *
   * Connections that are turned away before they speak MQTT are logged, and told to the hook `refused`.
   *
   * @throws {ListenerError} `LISTENER_OPTION_INVALID`, `LISTENER_TLS_INVALID`, `LISTENER_ADDRESS_IN_USE`,
   * `LISTENER_ADDRESS_UNAVAILABLE`, `LISTENER_ADDRESS_FORBIDDEN`, `LISTENER_PATH_NOT_A_SOCKET`, `LISTENER_FAILED`
   * @throws {BrokerError} `BROKER_CLOSED`
   *
   * @example
   * ```ts
   * await broker.listen({ port: 1883 });
   * await broker.listen({ port: 8883, tls: { cert, key } });
   * await broker.listen({ port: 8080, websocket: { path: '/mqtt' } });
   * await broker.listen({ path: '/run/mqtt.sock', mode: 0o660 });
   * ```
   */
  listen(options: TcpListenOptions): Promise<Listener<TcpAddress>>;
  /** The same through a Unix socket. */
  listen(options: UnixListenOptions): Promise<Listener<UnixAddress>>;
  /** The same for options of which only the running program knows the kind. */
  listen(options: ListenOptions): Promise<Listener>;

  /**
   * Serves MQTT over WebSocket at one path (default `/mqtt`) of an HTTP or HTTPS server that is already there, with
   * or without Express, Fastify or Socket.IO on it. Everything else on that server is left alone, and `close` of
   * the broker leaves the server running.
   *
   * @throws {ListenerError} `LISTENER_OPTION_INVALID`, `LISTENER_PATH_TAKEN`
   * @throws {BrokerError} `BROKER_CLOSED`
   *
   * @example
   * ```ts
   * const server = http.createServer(app);
   * broker.attach(server, { path: '/mqtt' });
   * server.listen(3000);
   * ```
   */
  attach(server: Server, options?: AttachOptions): Attachment;

  /**
   * Serves MQTT on an open connection: any duplex stream of Node, or a {@link ByteChannel}. From here on the broker
   * owns it. `remote` is what `client.remote` will show; of a stream, what it can tell itself need not be said.
   *
   * @example
   * ```ts
   * sshChannel.on('open', (stream) => broker.handle(stream, { address: '192.0.2.7', encrypted: true }));
   * ```
   */
  handle(connection: Duplex | ByteChannel, remote?: Partial<Remote>): void;

  /**
   * Stops accepting, tells the clients (MQTT 5.0: DISCONNECT 0x8B, or 0x9C with a `serverReference`), sends what is
   * to be sent, stores what is to be stored, closes the plugins, the last first, and then the store. Clients that
   * have not taken everything `within` so many milliseconds (default 5000) are cut off. May be called twice.
   */
  close(options?: CloseOptions): Promise<void>;
}
