import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RefusalCode } from './arrival.ts';
import type { UpgradeRequest } from './channel.ts';
import { answerAndClose } from './http-answer.ts';
import { isOriginAllowed } from './origins.ts';
import type { WebSocketSettings } from './websocket-settings.ts';

/** What became of a request for a WebSocket. */
export interface UpgradeOutcome {
  upgraded(socket: WebSocket, request: UpgradeRequest): void;
  /** The answer is on its way to the client, and the socket will close after it. */
  refused(code: RefusalCode, message: string, cause?: Error): void;
}

/** Why a request may not become a WebSocket. */
interface Objection {
  readonly status: number;
  readonly code: RefusalCode;
  readonly message: string;
  readonly cause?: Error;
}

/** MQTT 3.1 over WebSocket called it so. */
const oldSubprotocol = 'mqttv3.1';

/** The checks before a WebSocket may carry MQTT, and the WebSocket handshake itself. */
export class UpgradeGate {
  readonly #settings: WebSocketSettings;
  readonly #server: WebSocketServer;
  readonly #outcomes = new WeakMap<IncomingMessage, UpgradeOutcome>();

  /** @param closeTimeout - Milliseconds a peer has for its half of the closing handshake. */
  constructor(settings: WebSocketSettings, closeTimeout: number) {
    this.#settings = settings;
    const options = {
      closeTimeout,
      noServer: true,
      clientTracking: false,
      // Compression costs memory per connection, and MQTT payloads seldom gain by it.
      perMessageDeflate: false,
      maxPayload: settings.maxPayload,
      handleProtocols: (offered: ReadonlySet<string>) => chooseSubprotocol(offered) ?? false,
    };
    this.#server = new WebSocketServer(options);
    this.#server.on('wsClientError', (error, socket, message) => {
      answerAndClose(socket, 400, error.message);
      this.#outcomes.get(message)?.refused('WEBSOCKET_HANDSHAKE_FAILED', error.message, error);
    });
  }

  /** Is this request for the path we serve? */
  serves(message: IncomingMessage): boolean {
    const { path } = this.#settings;
    return path === undefined || pathOf(message.url) === path;
  }

  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer, outcome: UpgradeOutcome): void {
    socket.on('error', () => socket.destroy());
    const request = { url: message.url ?? '/', headers: message.headers };
    const objection = this.#objection(message, request);
    if (objection !== undefined) {
      answerAndClose(socket, objection.status, objection.message);
      outcome.refused(objection.code, objection.message, objection.cause);
      return;
    }
    this.#outcomes.set(message, outcome);
    this.#server.handleUpgrade(message, socket, head, (webSocket) => outcome.upgraded(webSocket, request));
  }

  #objection(message: IncomingMessage, request: UpgradeRequest): Objection | undefined {
    if (!this.serves(message)) {
      return { status: 404, code: 'WEBSOCKET_PATH_UNKNOWN', message: `${pathOf(message.url)} is not served` };
    }
    const origin = this.#originObjection(request);
    if (origin !== undefined) return origin;
    // [MQTT-6.0.0-3], [MQTT-6.0.0-4]
    if (this.#settings.requireSubprotocol && subprotocolOf(message) === undefined) {
      return {
        status: 400,
        code: 'WEBSOCKET_SUBPROTOCOL_MISSING',
        message: 'The WebSocket subprotocol mqtt is not offered',
      };
    }
    return undefined;
  }

  #originObjection(request: UpgradeRequest): Objection | undefined {
    const refusal = { status: 403, code: 'WEBSOCKET_ORIGIN_REFUSED' } as const;
    try {
      if (isOriginAllowed(request, this.#settings.origins)) return undefined;
      const { origin } = request.headers;
      return { ...refusal, message: `The origin ${origin} is not allowed` };
    } catch (thrown) {
      // The host's own function failed: nobody has allowed it.
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      return { ...refusal, message: 'The origin could not be judged', cause };
    }
  }
}

function pathOf(url = '/'): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

function subprotocolOf(message: IncomingMessage): string | undefined {
  const offered = message.headers['sec-websocket-protocol'] ?? '';
  return chooseSubprotocol(new Set(offered.split(',').map((name) => name.trim())));
}

function chooseSubprotocol(offered: ReadonlySet<string>): string | undefined {
  return ['mqtt', oldSubprotocol].find((name) => offered.has(name));
}
