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

/** MQTT 3.1 over WebSocket called it so. */
const oldSubprotocol = 'mqttv3.1';

/** The checks before a WebSocket may carry MQTT, and the WebSocket handshake itself. */
export class UpgradeGate {
  readonly #settings: WebSocketSettings;
  readonly #server: WebSocketServer;
  readonly #outcomes = new WeakMap<IncomingMessage, UpgradeOutcome>();

  constructor(settings: WebSocketSettings) {
    this.#settings = settings;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Compression costs memory per connection, and MQTT payloads seldom gain by it.
      perMessageDeflate: false,
      maxPayload: settings.maxPayload,
      handleProtocols: (offered) => chooseSubprotocol(offered) ?? false,
    });
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
    if (!this.serves(message)) {
      answerAndClose(socket, 404, 'MQTT is not served at this path');
      outcome.refused('WEBSOCKET_PATH_UNKNOWN', `The path ${pathOf(message.url)} is not served`);
    } else if (!isOriginAllowed(request, this.#settings.origins)) {
      answerAndClose(socket, 403, 'This origin is not allowed');
      outcome.refused('WEBSOCKET_ORIGIN_REFUSED', `The origin ${message.headers.origin} is not allowed`);
    } else if (this.#settings.requireSubprotocol && subprotocolOf(message) === undefined) {
      // [MQTT-6.0.0-3], [MQTT-6.0.0-4]
      answerAndClose(socket, 400, 'The WebSocket subprotocol must be mqtt');
      outcome.refused('WEBSOCKET_SUBPROTOCOL_MISSING', 'The client does not offer the subprotocol mqtt');
    } else {
      this.#outcomes.set(message, outcome);
      this.#server.handleUpgrade(message, socket, head, (webSocket) => outcome.upgraded(webSocket, request));
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
