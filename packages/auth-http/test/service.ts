import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { onTestFinished } from 'vitest';
import { faultOf } from './contract.ts';

/** A question that arrived. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: {
    readonly action?: string;
    readonly topic?: string;
    readonly filter?: string;
    readonly origin?: string;
    readonly clientId?: string;
  };
  /** Which connection it came on: 1 is the first. */
  readonly connection: number;
}

/** Says what to answer: a value to be sent as JSON, or nothing where it sends something itself. */
export type Answering = (asked: Asked, response: ServerResponse) => unknown;

/** A real HTTP server in the place of the host's own. */
export class Service {
  readonly asked: Asked[] = [];
  readonly server: Server;
  answer: Answering;
  #connections = 0;
  readonly #numbers = new WeakMap<object, number>();

  constructor(answer: Answering, tls?: ServerOptions) {
    this.answer = answer;
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      });
    };
    this.server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  }

  static async start(answer: Answering = () => ({ allow: true }), tls?: ServerOptions): Promise<Service> {
    const service = new Service(answer, tls);
    service.server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: object) => {
      service.#numbers.set(socket, ++service.#connections);
    });
    service.server.listen(0, '127.0.0.1');
    await once(service.server, 'listening');
    onTestFinished(() => service.stop());
    return service;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the service does not listen');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mqtt`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body: Asked['body'] = JSON.parse(Buffer.concat(chunks).toString());
    const path = request.url ?? '';
    const fault = faultOf('action' in body ? 'AuthorizeQuestion' : 'AuthenticateQuestion', body);
    if (fault !== undefined) throw new Error(`a question that is not described: ${fault}`);
    const asked = {
      path,
      headers: request.headers,
      body,
      connection: this.#numbers.get(request.socket) ?? 0,
    };
    this.asked.push(asked);
    const answer = await this.answer(asked, response);
    if (answer === undefined) return;
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(answer));
  }
}
