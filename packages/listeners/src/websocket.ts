import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Arrival, Step } from './arrival.ts';
import type { UpgradeRequest } from './channel.ts';
import { answerAndClose } from './http-answer.ts';
import type { RequestHandler } from './listen-options.ts';
import type { Reception } from './reception.ts';
import { requestCame } from './request-arrivals.ts';
import { UpgradeGate } from './upgrade.ts';
import type { WebSocketSettings } from './websocket-settings.ts';

/** Takes a WebSocket whose handshake is done. */
export type WebSocketAccept = (arrival: Arrival, socket: WebSocket, request: UpgradeRequest) => void;

/** How requests are answered that ask for no WebSocket, and when a peer that is done is let go. */
export interface WebSocketStepOptions {
  /** Milliseconds. */
  readonly closeTimeout: number;
  readonly onRequest: RequestHandler | undefined;
}

/** The HTTP side of a WebSocket listener. */
export interface WebSocketStep {
  readonly step: Step;
  /** Lets connections go that wait for another request. */
  close(): void;
}

/**
 * Node's HTTP server reads the requests, but it never listens: sockets are handed to it when PROXY protocol and TLS are
 * done with them.
 */
export function webSocketStep(
  settings: WebSocketSettings,
  { closeTimeout, onRequest }: WebSocketStepOptions,
  reception: Reception,
  accept: WebSocketAccept,
): WebSocketStep {
  const arrivals = new WeakMap<Duplex, Arrival>();
  const gate = new UpgradeGate(settings, closeTimeout);
  const server = createServer();

  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    const arrival = arrivals.get(socket);
    if (arrival === undefined || !reception.isWaiting(arrival)) socket.destroy();
    else {
      gate.upgrade(message, socket, head, {
        upgraded: (webSocket, request) => accept(arrival, webSocket, request),
        refused: (code, reason, cause) => reception.dismiss(arrival, code, reason, cause),
      });
    }
  });

  server.on('request', (message, response) => {
    const arrival = arrivals.get(message.socket);
    if (onRequest === undefined) {
      if (arrival !== undefined) {
        const reason = `${message.method} ${message.url} does not ask for a WebSocket`;
        reception.dismiss(arrival, 'UPGRADE_REQUIRED', reason);
      }
      askForUpgrade(response);
      return;
    }
    if (arrival !== undefined) {
      if (reception.isWaiting(arrival)) reception.admit(arrival);
      requestCame(message, arrival);
    }
    onRequest(message, response);
  });

  server.on('clientError', (error, socket) => {
    const arrival = arrivals.get(socket);
    if (arrival !== undefined) reception.dismiss(arrival, 'HTTP_REQUEST_MALFORMED', error.message, error);
    if (socket.writable) answerAndClose(socket, 400, 'This is no HTTP request');
    else socket.destroy();
  });

  let isWatched = onRequest === undefined;
  return {
    step: (arrival) => {
      if (!isWatched) watchRequests(server);
      isWatched = true;
      arrivals.set(arrival.stream, arrival);
      server.emit('connection', arrival.stream);
      // Reading the PROXY protocol header left it paused.
      arrival.stream.resume();
    },
    close: () => server.close(() => {}),
  };
}

function askForUpgrade(response: ServerResponse): void {
  response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
  response.end('This port speaks MQTT over WebSocket');
}

/** Node looks after slow requests from the moment on at which a server listens. */
function watchRequests(server: Server): void {
  server.emit('listening');
}
