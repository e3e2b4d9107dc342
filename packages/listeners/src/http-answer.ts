import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers on a socket that Node's HTTP server has left to us, and closes it. */
export function answerAndClose(socket: Duplex, status: number, message: string): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(message)}`,
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${message}`);
}
