import {
  type ClientRequest,
  type Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { messageOf } from '@carillon/hooks/checks';
import { ServiceFailure } from './service-failure.ts';

/** What is sent where, and how much is taken back. */
export interface JsonPost {
  readonly url: URL;
  readonly agent: HttpAgent | HttpsAgent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly maximumAnswerSize: number;
}

/**
 * Posts JSON and reads the JSON that comes back. Only a 200 with JSON is an answer: a redirect is not followed, since
 * what is posted is a password.
 *
 * @throws {ServiceFailure} in all other cases.
 */
export async function postJson(post: JsonPost, signal: AbortSignal): Promise<unknown> {
  const response = await send(post, signal);
  try {
    checkHead(response);
    return parse(await readBounded(response, post.maximumAnswerSize));
  } catch (error) {
    // What is left unread would block the connection for the next question.
    response.destroy();
    throw failureFrom(error, signal);
  }
}

async function send(post: JsonPost, signal: AbortSignal): Promise<IncomingMessage> {
  try {
    return await begin(post, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof StaleConnection)) throw failureFrom(error, signal);
  }
  // The service had closed a connection that waited for work: it has not seen the question.
  try {
    return await begin(post, signal);
  } catch (error) {
    throw failureFrom(error, signal);
  }
}

class StaleConnection extends Error {}

function begin({ url, agent, headers, body }: JsonPost, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent: ClientRequest = request(
      url,
      {
        method: 'POST',
        agent,
        signal,
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...headers,
        },
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

function checkHead({ statusCode = 0, headers }: IncomingMessage): void {
  if (statusCode !== 200) {
    const livesOn = statusCode >= 400 && statusCode < 500;
    throw new ServiceFailure(livesOn ? 'answer' : 'down', `the answer has the status ${statusCode}`);
  }
  const type = headers['content-type'] ?? 'none';
  if (!/^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(type)) {
    throw new ServiceFailure('down', 'the answer is not application/json');
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new ServiceFailure('down', 'the answer is compressed, which nobody asked for');
  }
}

async function readBounded(response: IncomingMessage, maximum: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a response without an encoding gives buffers');
    bytes += chunk.length;
    if (bytes > maximum) throw new ServiceFailure('down', `the answer has more than ${maximum} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    // The words of JSON.parse would quote the answer.
    throw new ServiceFailure('down', 'the answer is not JSON');
  }
}

function failureFrom(error: unknown, signal: AbortSignal): ServiceFailure {
  if (error instanceof ServiceFailure) return error;
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (reason instanceof ServiceFailure) return reason;
  return new ServiceFailure('down', messageOf(reason), reason);
}
