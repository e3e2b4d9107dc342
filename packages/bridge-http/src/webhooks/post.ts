import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { guardedLookup, guardLiteral } from './address-guard.ts';
import { explainFailure } from './explain-failure.ts';
import { pemOf, type WebhookSettings } from './webhook-settings.ts';

/** What is asked for and what came back. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** Sends the requests of one webhook, over connections that are kept. */
export class Poster {
  readonly #settings: WebhookSettings;
  readonly #agent: HttpAgent;

  constructor(settings: WebhookSettings) {
    const { url, tls, concurrency, guard } = settings;
    const connections = {
      keepAlive: true,
      maxSockets: concurrency,
      maxFreeSockets: concurrency,
      ...(guard !== undefined && { lookup: guardedLookup(guard) }),
    };
    this.#settings = settings;
    this.#agent =
      url.protocol === 'https:'
        ? new HttpsAgent({
            ...connections,
            ...pemOf(tls),
            ...(tls.serverName !== undefined && { servername: tls.serverName }),
          })
        : new HttpAgent(connections);
  }

  /**
   * One POST. The answer counts from its head on: what becomes of its body, which is read to its end or to
   * `maximumAnswerSize`, changes nothing.
   *
   * @throws {WebhookError} when no answer comes.
   */
  async post(
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { url, guard, maximumAnswerSize } = this.#settings;
    try {
      if (guard !== undefined) guardLiteral(url.hostname, guard);
      const response = await this.#send(headers, body, signal);
      const { statusCode = 0, headers: answered } = response;
      await readAway(response, maximumAnswerSize);
      return { status: statusCode, retryAfter: answered['retry-after'] };
    } catch (error) {
      throw explainFailure(error, url, signal);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    try {
      return await this.#begin(headers, body, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof StaleConnection)) throw error;
    }
    // The receiver had closed a connection that waited for work: it has not seen the request.
    return this.#begin(headers, body, signal);
  }

  #begin(
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { url } = this.#settings;
    return new Promise((resolve, reject) => {
      const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const sent: ClientRequest = request(
        url,
        {
          method: 'POST',
          agent: this.#agent,
          signal,
          headers: { accept: '*/*', ...headers, 'content-length': body.length },
        },
        resolve,
      );
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
      });
      sent.end(body);
    });
  }
}

class StaleConnection extends Error {}

/** A connection whose answer was read to its end can be used again; any other is closed. */
function readAway(response: IncomingMessage, maximum: number): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maximum) response.destroy();
    });
    response.on('error', () => {});
    response.once('close', resolve);
  });
}
