import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';

/** Asks for MQTT over WebSocket, and waits for the yes. The broker says nothing more until it is spoken to. */
export function webSocketHandshake(socket: Socket): Promise<void> {
  const key = randomBytes(16).toString('base64');
  const lines = [
    'GET /mqtt HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: mqtt',
    `Sec-WebSocket-Key: ${key}`,
  ];
  return new Promise((resolve, reject) => {
    let answer = '';
    const read = (chunk: Buffer): void => {
      answer += chunk.toString('latin1');
      if (!answer.includes('\r\n\r\n')) return;
      socket.off('data', read);
      if (answer.startsWith('HTTP/1.1 101')) resolve();
      else reject(new Error(`no WebSocket: ${answer.split('\r\n')[0]}`));
    };
    socket.on('data', read);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

/** Puts bytes into binary frames and takes them out again; the broker's frames are not masked. */
export class WebSocketPath {
  readonly #handOver: (bytes: Buffer) => void;
  #left = 0;
  #head: Buffer = Buffer.alloc(0);

  constructor(handOver: (bytes: Buffer) => void) {
    this.#handOver = handOver;
  }

  /** Masked, as a client must, with zeros: the bytes stay as they are. */
  frame(bytes: Buffer): Buffer {
    const { length } = bytes;
    const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
    const whole = Buffer.alloc(6 + extra + length);
    whole[0] = 0x82;
    whole[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
    if (extra === 2) whole.writeUInt16BE(length, 2);
    else if (extra === 8) whole.writeBigUInt64BE(BigInt(length), 2);
    bytes.copy(whole, 6 + extra);
    return whole;
  }

  read(chunk: Buffer): void {
    let rest = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    this.#head = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#left > 0) {
        const part = rest.subarray(0, this.#left);
        this.#left -= part.length;
        this.#handOver(part);
        rest = rest.subarray(part.length);
        continue;
      }
      const headBytes = headBytesOf(rest);
      if (rest.length < headBytes) {
        this.#head = rest;
        return;
      }
      this.#left = payloadBytesOf(rest);
      rest = rest.subarray(headBytes);
    }
  }
}

function headBytesOf(frame: Buffer): number {
  const short = (frame[1] ?? 0) & 127;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

function payloadBytesOf(frame: Buffer): number {
  const short = (frame[1] ?? 0) & 127;
  if (short < 126) return short;
  return short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
}
