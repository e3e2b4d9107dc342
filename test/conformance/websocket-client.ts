import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A frame of WebSocket as it came. */
export interface Frame {
  /** 0x1 text, 0x2 binary, 0x8 close. */
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A WebSocket by hand, frame by frame: it can send what no library would. */
export class WebSocketClient {
  /** `HTTP/1.1 101 Switching Protocols` and what follows, up to the empty line. */
  readonly response: string;
  readonly #socket: Socket;
  #buffer: Buffer;
  #ended = false;

  private constructor(socket: Socket, response: string, rest: Buffer) {
    this.#socket = socket;
    this.response = response;
    this.#buffer = rest;
    socket.on('end', () => {
      this.#ended = true;
    });
  }

  /** Asks for an upgrade, offering these subprotocols, and waits for the response, whatever it says. */
  static async connect(port: number, protocols: string | undefined): Promise<WebSocketClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    const lines = [
      'GET /mqtt HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...(protocols === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocols}`]),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    let received = Buffer.alloc(0);
    while (!received.includes('\r\n\r\n')) {
      const [chunk] = await once(socket, 'data');
      received = Buffer.concat([received, chunk]);
    }
    const end = received.indexOf('\r\n\r\n');
    return new WebSocketClient(socket, received.toString('latin1', 0, end), received.subarray(end + 4));
  }

  /** Sends one frame, masked as a client has to. Payloads of up to 65,535 bytes. */
  send(payload: Uint8Array | readonly number[], opcode = 0x2, isFinal = true): void {
    const length =
      payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
    const [first = 0, ...more] = length;
    const mask = randomBytes(4);
    const masked = Uint8Array.from(payload, (byte, index) => byte ^ (mask[index % 4] ?? 0));
    const head = [(isFinal ? 0x80 : 0) | opcode, 0x80 | first, ...more];
    this.#socket.write(Buffer.concat([Buffer.from(head), mask, masked]));
  }

  /** The next frame; undefined when the server has closed the connection instead. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.#take();
      if (frame !== undefined) return frame;
      if (this.#ended) return undefined;
      const [chunk] = await Promise.race([once(this.#socket, 'data'), once(this.#socket, 'end')]);
      if (chunk !== undefined) this.#buffer = Buffer.concat([this.#buffer, chunk]);
    }
  }

  /** Goes without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  #take(): Frame | undefined {
    const [first = 0, second = 0] = this.#buffer;
    const isLong = second === 126;
    const start = isLong ? 4 : 2;
    if (this.#buffer.length < start) return undefined;
    const length = isLong ? this.#buffer.readUInt16BE(2) : second;
    if (this.#buffer.length < start + length) return undefined;
    const payload = this.#buffer.subarray(start, start + length);
    this.#buffer = this.#buffer.subarray(start + length);
    return { opcode: first & 0x0f, payload };
  }
}
