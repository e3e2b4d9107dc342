import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from './arrival.ts';
import { defaultLingerTimeout } from './duplex-channel.ts';
import { TrustedNetworks } from './networks.ts';
import { callback, checkKeys, flag, listOfStrings, refuseOption, wholeNumber } from './option-checks.ts';
import type { ProxyPolicy } from './proxy-step.ts';
import type { TlsOptions } from './tls-options.ts';
import { readTlsOptions } from './tls-settings.ts';
import type { WebSocketOptions } from './websocket-options.ts';
import { checkWebSocketKeys, readWebSocketOptions, type WebSocketSettings } from './websocket-settings.ts';

/** Where and how to listen. */
export type ListenOptions = TcpListenOptions | UnixListenOptions;

/** A listener on a TCP port, with or without TLS. */
export interface TcpListenOptions extends CommonListenOptions {
  /** 0 takes any free port; see the listener's `address`. */
  readonly port: number;
  /** Address or name of the interface. Default: all interfaces, IPv6 and IPv4. */
  readonly host?: string;
  /** With it: TLS. */
  readonly tls?: TlsOptions;
  readonly path?: never;
}

/** A listener on a Unix socket. */
export interface UnixListenOptions extends CommonListenOptions {
  /** The file of the socket. One that nobody listens on any more is replaced; it is removed by `close`. */
  readonly path: string;
  /** Permissions of the file, such as `0o660`. Default: as the process's umask leaves them. */
  readonly mode?: number;
  readonly port?: never;
}

/** What the callers of a listener are told, and what a peer may take of it before it has said anything. */
export interface ConnectionOptions {
  /** Milliseconds for PROXY protocol, TLS and WebSocket handshake together. Default 10 000. */
  readonly handshakeTimeout?: number;
  /** Milliseconds from a channel's `end` until a peer that does not close is cut off. Default 5000. */
  readonly lingerTimeout?: number;
  /** Told of every connection turned away before `accept`. Default: nobody is told. */
  readonly onRefused?: (refusal: Refusal) => void;
  /**
   * Told what went wrong with the listener itself, which goes on: an accept that failed for want of file
   * descriptors, an `accept` function that threw. Default: a process warning.
   */
  readonly onError?: (error: Error) => void;
}

/** What TCP and Unix listeners have in common. */
export interface CommonListenOptions extends ConnectionOptions {
  /** MQTT over WebSocket instead of MQTT straight over the socket. `true` takes all defaults. */
  readonly websocket?: boolean | WebSocketOptions;
  /**
   * With `websocket`: answers the HTTP requests that do not ask for a WebSocket, such as the handler of
   * `@carillon/bridge-http`. Default: they are told that they should (426).
   */
  readonly onRequest?: RequestHandler;
  /** Connections come through proxies that speak the PROXY protocol, version 1 or 2. */
  readonly proxyProtocol?: ProxyProtocolOptions;
  /** Connections the kernel keeps while the process is busy. Default 511. */
  readonly backlog?: number;
  /** Sockets in a handshake at the same time; more are closed at once. Default 1000. */
  readonly maxHandshakes?: number;
}

/** The PROXY protocol of a listener. */
export interface ProxyProtocolOptions {
  /**
   * Networks of the proxies, such as `10.0.0.0/8`; `unix` for whoever connects through a Unix socket. A header from
   * anybody else closes his connection.
   */
  readonly trusted: readonly string[];
  /**
   * True: every connection must begin with a header, so only the proxies can connect. False: connections without
   * one are taken as they are. Default true.
   */
  readonly required?: boolean;
}

/** {@link ConnectionOptions} with every default in place. */
export interface ConnectionSettings {
  readonly handshakeTimeout: number;
  readonly lingerTimeout: number;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onError: (error: Error) => void;
}

/** {@link ListenOptions}, checked and with every default in place. */
export interface ListenSettings extends ConnectionSettings {
  readonly place:
    | { readonly kind: 'tcp'; readonly port: number; readonly host: string | undefined }
    | { readonly kind: 'unix'; readonly path: string; readonly mode: number | undefined };
  readonly tls: TlsOptions | undefined;
  readonly websocket: WebSocketSettings | undefined;
  readonly onRequest: RequestHandler | undefined;
  readonly proxyProtocol: ProxyPolicy | undefined;
  readonly backlog: number;
  readonly maxHandshakes: number;
}

/** Answers an HTTP request. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** The keys of {@link ConnectionOptions}. */
export const connectionKeys = ['handshakeTimeout', 'lingerTimeout', 'onRefused', 'onError'];
const commonKeys = [...connectionKeys, 'websocket', 'onRequest', 'proxyProtocol', 'backlog', 'maxHandshakes'];
const defaultHandshakeTimeout = 10_000;
/** What a timer can hold. */
const longestTimeout = 2 ** 31 - 1;

/** @throws {ListenerError} `LISTENER_OPTION_INVALID` */
export function readListenOptions(options: ListenOptions): ListenSettings {
  const unix = typeof options === 'object' && options !== null && options.path !== undefined;
  checkKeys(options, '', [...commonKeys, ...(unix ? ['path', 'mode'] : ['port', 'host', 'tls'])]);
  return {
    ...readConnectionOptions(options),
    place: options.path === undefined ? readPort(options) : readSocketPath(options),
    tls: options.path === undefined && options.tls !== undefined ? readTlsOptions(options.tls) : undefined,
    websocket: readWebSocket(options.websocket),
    onRequest: readRequestHandler(options),
    proxyProtocol: readProxyProtocol(options.proxyProtocol),
    backlog: wholeNumber('backlog', options.backlog, 511, 1, 65_535),
    maxHandshakes: wholeNumber('maxHandshakes', options.maxHandshakes, 1_000, 1, 1_000_000),
  };
}

/** @throws {ListenerError} `LISTENER_OPTION_INVALID` */
export function readConnectionOptions(options: ConnectionOptions): ConnectionSettings {
  const time = (key: 'handshakeTimeout' | 'lingerTimeout', fallback: number): number =>
    wholeNumber(key, options[key], fallback, 1, longestTimeout);
  return {
    handshakeTimeout: time('handshakeTimeout', defaultHandshakeTimeout),
    lingerTimeout: time('lingerTimeout', defaultLingerTimeout),
    onRefused: callback('onRefused', options.onRefused, () => {}),
    onError: callback('onError', options.onError, (error) => process.emitWarning(error)),
  };
}

function readPort(options: TcpListenOptions): ListenSettings['place'] {
  const { port, host } = options;
  if (port === undefined)
    refuseOption('port', port, 'a port from 0 to 65535, or the path of a Unix socket as path');
  if (host !== undefined && (typeof host !== 'string' || host === '')) {
    refuseOption('host', host, "an address or name such as '127.0.0.1'");
  }
  return { kind: 'tcp', port: wholeNumber('port', port, 0, 0, 65_535), host };
}

function readRequestHandler({ onRequest, websocket }: CommonListenOptions): RequestHandler | undefined {
  if (onRequest === undefined) return undefined;
  if (typeof onRequest !== 'function') return refuseOption('onRequest', onRequest, 'a function');
  if (websocket !== undefined && websocket !== false) return onRequest;
  return refuseOption('onRequest', onRequest, 'it together with websocket: only there requests are read');
}

/** What fits into `sockaddr_un`, its terminating zero not counted; macOS has four bytes less. */
const longestPath = process.platform === 'darwin' ? 103 : 107;

function readSocketPath(options: UnixListenOptions): ListenSettings['place'] {
  const { path, mode } = options;
  if (
    typeof path !== 'string' ||
    path === '' ||
    path.includes('\0') ||
    Buffer.byteLength(path) > longestPath
  ) {
    refuseOption('path', path, `a file path of 1 to ${longestPath} bytes`);
  }
  if (mode !== undefined) wholeNumber('mode', mode, 0, 0, 0o777);
  return { kind: 'unix', path, mode };
}

function readWebSocket(options: boolean | WebSocketOptions | undefined): WebSocketSettings | undefined {
  if (options === undefined || options === false) return undefined;
  if (options === true) return readWebSocketOptions({}, 'websocket', undefined);
  checkWebSocketKeys(options);
  return readWebSocketOptions(options, 'websocket', undefined);
}

function readProxyProtocol(options: ProxyProtocolOptions | undefined): ProxyPolicy | undefined {
  if (options === undefined) return undefined;
  checkKeys(options, 'proxyProtocol', ['trusted', 'required']);
  const trusted = listOfStrings('proxyProtocol.trusted', options.trusted);
  if (trusted.length === 0) {
    refuseOption('proxyProtocol.trusted', options.trusted, "the proxies' networks, such as ['10.0.0.0/8']");
  }
  return {
    trusted: new TrustedNetworks(trusted, 'proxyProtocol.trusted'),
    required: flag('proxyProtocol.required', options.required, true),
  };
}
