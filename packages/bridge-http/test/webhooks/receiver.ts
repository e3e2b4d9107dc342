import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { onTestFinished } from 'vitest';

/** A request that came. */
export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  /** Which connection it came on: 1 is the first. */
  readonly connection: number;
}

/** Answers with a status, or by itself. */
export type Answering = (
  received: Received,
  response: ServerResponse,
) => number | undefined | Promise<number | undefined>;

/** A real HTTP server in the place of the one that webhooks are for. */
export class Receiver {
  readonly received: Received[] = [];
  readonly server: Server;
  answer: Answering;
  /** Requests whose answer is not out yet. */
  underWay = 0;
  mostUnderWay = 0;
  #connections = 0;
  readonly #numbers = new WeakMap<object, number>();
  readonly #scheme: string;

  constructor(answer: Answering, tls?: ServerOptions) {
    this.answer = answer;
    this.#scheme = tls === undefined ? 'http' : 'https';
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch(() => response.destroy());
    };
    this.server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: object) => {
      this.#numbers.set(socket, ++this.#connections);
    });
  }

  static async start(answer: Answering = () => 204, tls?: ServerOptions, port = 0): Promise<Receiver> {
    const receiver = new Receiver(answer, tls);
    receiver.server.listen(port, '127.0.0.1');
    await once(receiver.server, 'listening');
    onTestFinished(() => receiver.stop());
    return receiver;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
    return address.port;
  }

  get url(): string {
    const host = this.#scheme === 'https' ? 'localhost' : '127.0.0.1';
    return `${this.#scheme}://${host}:${this.port}/hook`;
  }

  /** The first request. */
  get first(): Received {
    const [first] = this.received;
    if (first === undefined) throw new Error('no request came');
    return first;
  }

  /** The bodies that came, in order. */
  get texts(): readonly string[] {
    return this.received.map(({ text }) => text);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const received: Received = {
      path: request.url ?? '',
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      ),
      body,
      text: body.toString(),
      connection: this.#numbers.get(request.socket) ?? 0,
    };
    this.received.push(received);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    const status = await this.answer(received, response);
    this.underWay--;
    if (status !== undefined) response.writeHead(status).end();
  }
}
