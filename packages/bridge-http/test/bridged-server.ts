import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock, type RecordingLogger, recordingLogger } from '@carillon/testkit';
import { type BrokerOptions, type CarillonBroker, createBroker } from 'carillon';
import { onTestFinished } from 'vitest';
import { type HttpBridge, httpBridge } from '../src/http-bridge.ts';
import type { HttpBridgeOptions } from '../src/options.ts';
import { EventReader } from './event-reader.ts';

/** A broker, its bridge, and the HTTP server of the host they live in; the clock is turned by hand. */
export class BridgedServer {
  readonly clock = new ManualClock();
  readonly logger: RecordingLogger = recordingLogger();
  readonly broker: CarillonBroker;
  readonly bridge: HttpBridge;
  readonly server: Server;

  constructor(options: HttpBridgeOptions = {}, brokerOptions: BrokerOptions = {}, handle = mounted) {
    const { clock, logger } = this;
    this.broker = createBroker({ clock, logger, systemTopicInterval: 0, ...brokerOptions });
    this.bridge = httpBridge(options);
    this.broker.use(this.bridge);
    this.server = createServer((incoming, response) => handle(this.bridge, incoming, response));
  }

  get port(): number {
    const address: AddressInfo | string | null = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    await this.broker.start();
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => this.stop());
    return this;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  events(query: string, headers: Record<string, string> = {}): Promise<EventReader> {
    return EventReader.open(`${this.url}/events?${query}`, headers);
  }

  /** As `fetch`, which sends a tidied path, and sets some headers itself. */
  raw(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const { port } = this;
      const options = { host: '127.0.0.1', port, method, path, headers, agent: false };
      request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      })
        .on('error', reject)
        .end(body);
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await Promise.all([
      this.server.listening ? new Promise((resolve) => this.server.close(resolve)) : undefined,
      this.broker.close(),
    ]);
  }
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

function mounted({ handler }: HttpBridge, incoming: IncomingMessage, response: ServerResponse): void {
  handler(incoming, response);
}

export function bridgedServer(
  options: HttpBridgeOptions = {},
  brokerOptions: BrokerOptions = {},
): Promise<BridgedServer> {
  return new BridgedServer(options, brokerOptions).start();
}

export function basic(username: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
