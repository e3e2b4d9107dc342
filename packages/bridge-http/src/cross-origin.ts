import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CorsOptions } from './options.ts';
import { Problem } from './problem.ts';

const ofMessages = [
  'Mqtt-Correlation-Data',
  'Mqtt-Expiry',
  'Mqtt-Qos',
  'Mqtt-Response-Topic',
  'Mqtt-Retain',
  'Mqtt-User-Property',
];
const requestHeaders = [
  'Authorization',
  'Content-Type',
  'If-None-Match',
  'Last-Event-ID',
  ...ofMessages,
].join(', ');
const answerHeaders = ['ETag', 'Mqtt-Content-Type', 'Retry-After', ...ofMessages].join(', ');

/** What web pages of other origins may do: read the answers (CORS), and send what changes something at all. */
export class CrossOrigin {
  readonly #cors: Required<CorsOptions> | undefined;

  constructor(cors: Required<CorsOptions> | undefined) {
    this.#cors = cors;
  }

  /**
   * Refuses a request that a page of another origin has a browser send: the cookie and the password that the browser adds
   * say nothing of who wants it. Then marks the answer for the pages that may read it.
   *
   * @throws {Problem} 403
   */
  check(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers;
    const isListed = this.#isListed(origin);
    if (isForeign(request) && !(isListed && !this.#isTempted(request))) {
      throw new Problem(403, `pages of ${origin ?? 'another site'} may not send this: see the option "cors"`);
    }
    if (this.#cors === undefined) return;
    response.setHeader('Vary', 'Origin');
    if (origin === undefined || !isListed) return;
    response.setHeader('Access-Control-Allow-Origin', this.#cors.origins === '*' ? '*' : origin);
    response.setHeader('Access-Control-Expose-Headers', answerHeaders);
    if (this.#cors.credentials) response.setHeader('Access-Control-Allow-Credentials', 'true');
  }

  /** Answers the question of a browser whether a page may send such a request; false when it is none. */
  answeredPreflight({ method, headers }: IncomingMessage, response: ServerResponse, allow: string): boolean {
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
    if (this.#cors !== undefined && this.#isListed(headers.origin)) {
      response.setHeader('Access-Control-Allow-Methods', allow);
      response.setHeader('Access-Control-Allow-Headers', requestHeaders);
      response.setHeader('Access-Control-Max-Age', this.#cors.maximumAge);
    }
    response.writeHead(204, { Allow: allow }).end();
    return true;
  }

  #isListed(origin: string | undefined): boolean {
    if (this.#cors === undefined || origin === undefined) return false;
    const { origins } = this.#cors;
    return origins === '*' || origins.includes(origin.toLowerCase());
  }

  /** Where any page may send, none may borrow what the browser knows of its user. */
  #isTempted({ headers }: IncomingMessage): boolean {
    if (this.#cors?.origins !== '*') return false;
    return headers.cookie !== undefined || /^basic /i.test(headers.authorization ?? '');
  }
}

/**
 * Browsers say where a request comes from, and no page can keep them from it: by `Sec-Fetch-Site`, older ones by `Origin`.
 * A link that somebody follows is a GET without `Origin`, and no page reads its answer.
 */
function isForeign({ method, headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (method === 'OPTIONS' || site === 'same-origin' || site === 'none') return false;
  const changesNothing = method === 'GET' || method === 'HEAD';
  if (origin === undefined) return site !== undefined && !changesNothing;
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}
