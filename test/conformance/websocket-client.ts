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
  response = '';
  readonly #socket: Socket;
  #buffer = Buffer.alloc(0);
  #ended = false;
  #changed: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#changed();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#changed();
    });
  }

  /** Asks for an upgrade, offering these subprotocols, and waits for the response, whatever it says. */
  static async connect(port: number, protocols: string | undefined): Promise<WebSocketClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    const client = new WebSocketClient(socket);
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
    await client.#readResponse();
    return client;
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
    let frame = this.#take();
    while (frame === undefined && !this.#ended) {
      await this.#change();
      frame = this.#take();
    }
    return frame;
  }

  /** Goes without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #readResponse(): Promise<void> {
    while (!this.#buffer.includes('\r\n\r\n') && !this.#ended) await this.#change();
    const end = this.#buffer.indexOf('\r\n\r\n');
    this.response = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + 4);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
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
