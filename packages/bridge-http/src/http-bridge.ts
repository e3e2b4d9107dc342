import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker, DroppedEvent, PluginPlatform, RefusedEvent, UnsubscribedEvent } from '@carillon/hooks';
import { checkingOptions } from '@carillon/hooks/checks';
import { ListenerError, requestRemotes } from '@carillon/listeners';
import { CrossOrigin } from './cross-origin.ts';
import { Entrance } from './entrance.ts';
import { EventsRequests } from './events-request.ts';
import { HttpBridgeOptionError } from './option-error.ts';
import type { HttpBridgeOptions } from './options.ts';
import { answerProblem, Problem, SenderGone } from './problem.ts';
import { publishRequest } from './publish-request.ts';
import { retainedRequest, type WaitingReaders } from './retained-request.ts';
import { type HttpSettings, readSettings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';
import { pathBelow, readTarget, type Target } from './target.ts';

/** What a bridge has at work. */
export interface HttpBridgeState {
  /** Requests that are not answered yet, streams not counted. */
  readonly requests: number;
  /** Streams of events, those counted whose reader is away and may come back. */
  readonly streams: number;
}

const methods = {
  topic: 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
  events: 'GET, OPTIONS',
};

/** Seconds. */
const retryAfter = { 'Retry-After': '5' };

/** What a bridge has while it is registered. */
interface Registered {
  readonly around: Surroundings;
  readonly events: EventsRequests;
}

/** The way in and out by HTTP: a plugin for `broker.use`, and a handler for the host's HTTP server. */
export class HttpBridge {
  /** Names the plugin. */
  readonly name = 'bridge-http';
  /** @internal */
  readonly hooks = {
    dropped: ({ clientId, reason }: DroppedEvent) => this.#dropped(clientId, reason),
    refused: ({ what, remote, reasonCode }: RefusedEvent) => {
      if (what === 'connection' && remote !== undefined)
        this.#registered?.around.entrance.refused(remote, reasonCode);
    },
    unsubscribed: ({ clientId, why }: UnsubscribedEvent) => {
      if (why === 'not-authorized') this.#registered?.events.notAuthorized(clientId);
    },
    draining: () => this.#end(),
  };
  readonly #settings: HttpSettings;
  readonly #remoteOf: ReturnType<typeof requestRemotes>;
  readonly #crossOrigin: CrossOrigin;
  readonly #readers: WaitingReaders = new Map();
  #registered: Registered | undefined = undefined;
  #requests = 0;

  /** @internal Use `httpBridge`. */
  constructor(options: HttpBridgeOptions) {
    this.#settings = checkingOptions(
      () => readSettings(options),
      (wrong) => new HttpBridgeOptionError(wrong),
    );
    this.#remoteOf = remotesFrom(this.#settings);
    this.#crossOrigin = new CrossOrigin(this.#settings.cors);
  }

  /** What is at work now. */
  get state(): HttpBridgeState {
    return { requests: this.#requests, streams: this.#registered?.events.size ?? 0 };
  }

  /**
   * Answers a request. Mount it on an HTTP server, or on a router such as Express; requests for other paths go to `next`
   * where there is one, and are answered with 404 otherwise. It never throws.
   */
  readonly handler = (request: IncomingMessage, response: ServerResponse, next?: () => void): void => {
    const url = pathBelow(urlOf(request, this.#settings.path), this.#settings.path);
    void this.#answer(request, response, url, next);
  };

  /** @internal */
  setup(broker: Broker, platform: PluginPlatform): void {
    const { authenticate, realm, limits } = this.#settings;
    const { acknowledgementTimeout } = limits;
    const { clock, logger } = platform;
    const remoteOf = this.#remoteOf;
    const entrance = new Entrance({
      broker,
      clock,
      logger,
      remoteOf,
      authenticate,
      realm,
      acknowledgementTimeout,
    });
    const around = { ...platform, broker, settings: this.#settings, entrance };
    this.#registered = { around, events: new EventsRequests(around) };
  }

  /** @internal */
  close(): void {
    this.#end();
  }

  #end(): void {
    this.#registered?.events.close();
    this.#registered = undefined;
  }

  /** Rejects never: whatever happens is answered. */
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: string | undefined,
    next: (() => void) | undefined,
  ): Promise<void> {
    try {
      if (url !== undefined && url.length > this.#settings.limits.maximumTargetBytes) {
        throw new Problem(
          414,
          `path and query have more than ${this.#settings.limits.maximumTargetBytes} bytes`,
        );
      }
      const target = url === undefined ? undefined : readTarget(url);
      if (target === undefined && next !== undefined) next();
      else if (target === undefined) throw new Problem(404, 'there are /topics/{topic} and /events here');
      else await this.#answerFor(target, request, response);
    } catch (error) {
      this.#answerError(response, error);
    }
  }

  async #answerFor(target: Target, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const allow = methods[target.resource];
    this.#crossOrigin.check(request, response);
    if (this.#crossOrigin.answeredPreflight(request, response, allow)) return;
    const { method = '' } = request;
    if (method === 'OPTIONS') {
      response.writeHead(204, { Allow: allow }).end();
      return;
    }
    if (!allow.split(', ').includes(method)) {
      throw new Problem(405, `${method} is not possible here`, { headers: { Allow: allow } });
    }
    const registered = this.#registered;
    if (registered === undefined) {
      throw new Problem(503, 'the broker is not running', { headers: retryAfter, closes: true });
    }
    if (target.resource === 'events') await registered.events.answer(request, response, target.query);
    else await this.#answerTopic(registered.around, target, request, response);
  }

  async #answerTopic(
    around: Surroundings,
    target: Extract<Target, { resource: 'topic' }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { maximumRequests } = this.#settings.limits;
    if (this.#requests >= maximumRequests) {
      throw new Problem(503, `${maximumRequests} requests are at work`, {
        headers: retryAfter,
        closes: true,
      });
    }
    this.#requests++;
    try {
      if (request.method === 'GET' || request.method === 'HEAD') {
        await retainedRequest(around, this.#readers, request, response, target);
      } else await publishRequest(around, request, response, target);
    } finally {
      this.#requests--;
    }
  }

  #answerError(response: ServerResponse, error: unknown): void {
    if (error instanceof SenderGone || response.headersSent) {
      response.destroy();
      return;
    }
    answerProblem(response, this.#problemFrom(error));
  }

  #problemFrom(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (hasCode(error, 'BROKER_CLOSED'))
      return new Problem(503, 'the broker is closing', { headers: retryAfter });
    this.#registered?.around.logger.error({ err: error }, 'the HTTP bridge failed to answer a request');
    return new Problem(500, 'the bridge failed');
  }

  #dropped(clientId: string | undefined, reason: DroppedEvent['reason']): void {
    if (clientId === undefined) return;
    this.#readers.get(clientId)?.(reason);
    this.#registered?.events.dropped(clientId, reason);
  }
}

/** Routers take away what they were mounted under, and keep the whole beside it. */
function urlOf(request: IncomingMessage, path: string): string {
  const { url = '/' } = request;
  if (path === '' || !('originalUrl' in request)) return url;
  return typeof request.originalUrl === 'string' ? request.originalUrl : url;
}

function remotesFrom({ trustedProxies, forwardedHeader }: HttpSettings): ReturnType<typeof requestRemotes> {
  try {
    return requestRemotes({ trustedProxies, forwardedHeader });
  } catch (error) {
    throw error instanceof ListenerError ? new HttpBridgeOptionError(error.message) : error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * Lets programs that speak HTTP publish, read what is retained, and follow topics as server-sent events. They are clients
 * of the broker like others: the same hooks are asked, the same limits hold.
 *
 * @throws {HttpBridgeOptionError} `HTTP_BRIDGE_OPTION_INVALID`
 *
 * @example
 * ```ts
 * const bridge = httpBridge();
 * broker.use(bridge);
 * app.use('/mqtt', bridge.handler);
 * ```
 */
export function httpBridge(options: HttpBridgeOptions = {}): HttpBridge {
  return new HttpBridge(options);
}
