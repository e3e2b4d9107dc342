import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Arrival, Step } from './arrival.ts';
import type { UpgradeRequest } from './channel.ts';
import { answerAndClose } from './http-answer.ts';
import type { Reception } from './reception.ts';
import { UpgradeGate } from './upgrade.ts';
import type { WebSocketSettings } from './websocket-settings.ts';

/** Takes a WebSocket whose handshake is done. */
export type WebSocketAccept = (arrival: Arrival, socket: WebSocket, request: UpgradeRequest) => void;

/**
 * The HTTP side of a WebSocket listener. Node's HTTP server reads the requests, but it never listens: sockets
 * are handed to it when PROXY protocol and TLS are done with them.
 */
export function webSocketStep(
  settings: WebSocketSettings,
  closeTimeout: number,
  reception: Reception,
  accept: WebSocketAccept,
): Step {
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
    if (arrival !== undefined) {
      reception.dismiss(
        arrival,
        'UPGRADE_REQUIRED',
        `${message.method} ${message.url} does not ask for a WebSocket`,
      );
    }
    response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
    response.end('This port speaks MQTT over WebSocket');
  });

  server.on('clientError', (error, socket) => {
    const arrival = arrivals.get(socket);
    if (arrival !== undefined) reception.dismiss(arrival, 'HTTP_REQUEST_MALFORMED', error.message, error);
    if (socket.writable) answerAndClose(socket, 400, 'This is no HTTP request');
    else socket.destroy();
  });

  return (arrival) => {
    arrivals.set(arrival.stream, arrival);
    server.emit('connection', arrival.stream);
    // Reading the PROXY protocol header left it paused.
    arrival.stream.resume();
  };
}
