import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import type { Arrival, Step } from './arrival.ts';
import { ListenerError } from './errors.ts';
import type { Reception } from './reception.ts';
import type { Pem, TlsCertificates, TlsIdentity, TlsOptions } from './tls-options.ts';

/** What a timer can hold, in milliseconds. */
const longestTimeout = 2 ** 31 - 1;

/**
 * The TLS handshakes of a listener. Node's own TLS server does them, but it never listens: sockets are handed
 * to it, because a PROXY protocol header may have to be read before.
 */
export class TlsHandshakes {
  readonly #options: TlsOptions;
  readonly #reception: Reception;
  readonly #next: Step;
  readonly #server;
  /** By both addresses of the connection: Node does not tell which socket a TLS stream was made of. */
  readonly #arrivals = new Map<string, Arrival>();
  #sni: ReadonlyMap<string, SecureContext>;

  /** @throws {ListenerError} `LISTENER_TLS_INVALID` */
  constructor(options: TlsOptions, alpn: string, handshakeTimeout: number, reception: Reception, next: Step) {
    this.#options = options;
    this.#reception = reception;
    this.#next = next;
    this.#sni = this.#sniContexts(options);
    createContext('tls', this.#contextOptions(options, options));
    this.#server = createServer({
      ...this.#contextOptions(options, options),
      // The reception's deadline for all handshakes comes first.
      handshakeTimeout: Math.min(2 * handshakeTimeout, longestTimeout),
      ALPNProtocols: [alpn],
      requestCert: options.requestCert ?? false,
      // Judged in #secured, where the reason is known and can be told.
      rejectUnauthorized: false,
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    });
    this.#server.on('secureConnection', (stream) => this.#secured(stream));
    this.#server.on('tlsClientError', (error, stream) => this.#failed(error, stream));
  }

  readonly step: Step = (arrival) => {
    const key = connectionKey(arrival.socket);
    this.#arrivals.set(key, arrival);
    arrival.socket.once('close', () => {
      if (this.#arrivals.get(key) === arrival) this.#arrivals.delete(key);
    });
    this.#server.emit('connection', arrival.socket);
  };

  /**
   * Serves new handshakes with other certificates. Connections that are there keep theirs. When anything is
   * wrong with the new ones, the old ones stay.
   *
   * @throws {ListenerError} `LISTENER_TLS_INVALID`
   */
  replace(certificates: TlsCertificates): void {
    const sni = this.#sniContexts(certificates);
    const main = this.#contextOptions(certificates, certificates);
    createContext('tls', main);
    this.#server.setSecureContext(main);
    this.#sni = sni;
  }

  #secured(stream: TLSSocket): void {
    const arrival = this.#arrivals.get(connectionKey(stream));
    if (arrival === undefined || !this.#reception.isWaiting(arrival)) {
      stream.destroy();
      return;
    }
    stream.on('error', () => {});
    const refusal = this.#refusalOf(stream);
    if (refusal !== undefined) {
      this.#reception.refuse(arrival, 'TLS_CERTIFICATE_REFUSED', refusal);
      return;
    }
    arrival.stream = stream;
    this.#next(arrival);
  }

  /**
   * A resumed TLS 1.3 session without a certificate counts as authorized for Node, so the certificate itself is
   * asked for too.
   */
  #refusalOf(stream: TLSSocket): string | undefined {
    if (this.#options.requestCert !== true || this.#options.rejectUnauthorized === false) return undefined;
    if (!stream.getPeerCertificate()?.raw) return 'The client did not show a certificate';
    if (stream.authorized) return undefined;
    return `The client's certificate was refused: ${stream.authorizationError}`;
  }

  #failed(error: Error, stream: TLSSocket): void {
    const arrival = this.#arrivals.get(connectionKey(stream));
    if (arrival === undefined) return;
    this.#reception.refuse(
      arrival,
      'TLS_HANDSHAKE_FAILED',
      `The TLS handshake failed: ${error.message}`,
      error,
    );
  }

  #contextFor(name: string): SecureContext | undefined {
    const asked = name.toLowerCase();
    return this.#sni.get(asked) ?? this.#sni.get(asked.replace(/^[^.]*/, '*'));
  }

  #sniContexts(certificates: TlsCertificates): Map<string, SecureContext> {
    const contexts = new Map<string, SecureContext>();
    for (const [name, identity] of Object.entries(certificates.sni ?? {})) {
      const options = this.#contextOptions(identity, certificates);
      contexts.set(name.toLowerCase(), createContext(`tls.sni['${name}']`, options));
    }
    return contexts;
  }

  #contextOptions(identity: TlsIdentity, main: TlsCertificates): SecureContextOptions {
    const ca = identity.ca ?? main.ca;
    return {
      cert: pemForNode(identity.cert),
      key: pemForNode(identity.key),
      ...(identity.passphrase !== undefined && { passphrase: identity.passphrase }),
      ...(ca !== undefined && { ca: pemForNode(ca) }),
      minVersion: this.#options.minVersion ?? 'TLSv1.2',
      ...(this.#mustJudgeAnew(main) && { secureOptions: constants.SSL_OP_NO_TICKET }),
    };
  }

  /**
   * A session made under one name could be resumed under another without its client certificate being judged
   * by the authorities of that name. Where names have authorities of their own, no session is resumed at all.
   */
  #mustJudgeAnew(main: TlsCertificates): boolean {
    const identities = Object.values(main.sni ?? {});
    return this.#options.requestCert === true && identities.some(({ ca }) => ca !== undefined);
  }
}

function createContext(key: string, options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new ListenerError(
      'LISTENER_TLS_INVALID',
      `${key}: certificate, key or ca cannot be used: ${said}`,
      cause,
    );
  }
}

function pemForNode(pem: Pem): string | Buffer | (string | Buffer)[] {
  if (typeof pem === 'string') return pem;
  if (pem instanceof Uint8Array) return Buffer.from(pem);
  return pem.map((part) => (typeof part === 'string' ? part : Buffer.from(part)));
}

function connectionKey(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}
