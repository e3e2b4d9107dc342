import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { BrokerError, EngineBroker, type EngineOptions, type Platform } from '@carillon/broker';
import type { ByteChannel, CloseOptions, Logger, Remote } from '@carillon/hooks';
import {
  type Attachment,
  type AttachOptions,
  attach,
  type ConnectionOptions,
  channelFromDuplex,
  type Listener,
  type ListenOptions,
  listen,
  type Refusal,
  type TcpAddress,
  type TcpListenOptions,
  type UnixAddress,
  type UnixListenOptions,
} from '@carillon/listeners';
import type { CarillonBroker } from './carillon-broker.ts';
import { isChannel, remoteOfConnection } from './stream-connection.ts';
import { isOrdinary, reasonCodeOf, remoteOfRefusal } from './turned-away.ts';

/** What can be closed again, whichever way it came. */
type Entrance = Listener | Attachment;

/** The engine, joined to Node's sockets and HTTP servers. */
export class NodeBroker extends EngineBroker implements CarillonBroker {
  readonly #logger: Logger | undefined;
  readonly #entrances = new Set<Entrance>();
  /** The calls of `listen` that are under way. */
  readonly #opening = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined = undefined;
  /** Of a listener of ours, which tells all that is known of the other end. */
  readonly #accept = (channel: ByteChannel, remote: Remote): void => super.handle(channel, remote);

  constructor(options: EngineOptions, platform: Platform) {
    super(options, platform);
    this.#logger = options.logger;
  }

  listen(options: TcpListenOptions): Promise<Listener<TcpAddress>>;
  listen(options: UnixListenOptions): Promise<Listener<UnixAddress>>;
  listen(options: ListenOptions): Promise<Listener>;
  listen(options: ListenOptions): Promise<Listener> {
    const opening = this.#listen(options);
    this.#opening.add(opening);
    const forget = (): void => {
      this.#opening.delete(opening);
    };
    opening.then(forget, forget);
    return opening;
  }

  attach(server: Server, options: AttachOptions = {}): Attachment {
    this.#refuseWhenClosing();
    const told = { ...options, ...this.#tellTo(options) };
    return this.#keep(attach(server, told, this.#accept));
  }

  override handle(connection: Duplex | ByteChannel, remote: Partial<Remote> = {}): void {
    const channel = isChannel(connection) ? connection : channelFromDuplex(connection);
    super.handle(channel, remoteOfConnection(connection, remote));
  }

  override close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listen(options: ListenOptions): Promise<Listener> {
    this.#refuseWhenClosing();
    await this.start();
    const told = { ...options, ...this.#tellTo(options) };
    const listener = await listen(told, this.#accept);
    if (this.#closing === undefined) return this.#keep(listener);
    await listener.close();
    throw closed();
  }

  async #close(options: CloseOptions): Promise<void> {
    // Connections in memory and the clock's timers keep no process alive, but somebody waits for this promise.
    const awake = setInterval(() => {}, 60_000);
    try {
      const entrances = [...this.#entrances].map((entrance) => entrance.close());
      await Promise.all([super.close(options), ...entrances, Promise.allSettled(this.#opening)]);
    } finally {
      clearInterval(awake);
    }
  }

  /** Remembers what has to be closed; closing twice does no harm. */
  #keep<Kind extends Entrance>(entrance: Kind): Kind {
    this.#entrances.add(entrance);
    return entrance;
  }

  #tellTo({ onRefused, onError }: ConnectionOptions): ConnectionOptions {
    const logger = this.#logger;
    return {
      onRefused: (refusal) => {
        this.#turnedAway(refusal);
        onRefused?.(refusal);
      },
      ...(logger !== undefined && {
        onError: (error) => {
          logger.error({ err: error }, error.message);
          onError?.(error);
        },
      }),
    };
  }

  #turnedAway(refusal: Refusal): void {
    const { code, message, listener, address, cause } = refusal;
    const details = { code, listener, remote: address, ...(cause !== undefined && { err: cause }) };
    if (isOrdinary(code)) this.#logger?.debug(details, message);
    else this.#logger?.info(details, message);
    this.connectionRefused(remoteOfRefusal(refusal), reasonCodeOf(code), message, `listener:${code}`);
  }

  #refuseWhenClosing(): void {
    if (this.#closing !== undefined) throw closed();
  }
}

function closed(): BrokerError {
  return new BrokerError('BROKER_CLOSED', 'the broker is closed');
}
