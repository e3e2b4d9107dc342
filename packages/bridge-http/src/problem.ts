import { type ServerResponse, STATUS_CODES } from 'node:http';

/** More to say of a problem than its status and what is wrong. */
export interface ProblemDetails {
  /** Of MQTT, where the broker gave one. */
  readonly reasonCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the request still sends is not read: the connection ends with the answer. */
  readonly closes?: boolean;
}

/** Why a request is not done: becomes its answer, in the form of RFC 9457. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly reasonCode: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, { reasonCode, headers = {}, closes }: ProblemDetails = {}) {
    super(detail);
    this.status = status;
    this.reasonCode = reasonCode;
    this.headers = closes === true ? { ...headers, Connection: 'close' } : headers;
  }
}

/** There is nobody left to answer. */
export class SenderGone extends Error {
  override readonly name = 'SenderGone';
}

export function answerProblem(response: ServerResponse, problem: Problem): void {
  const { status, message: detail, reasonCode, headers } = problem;
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail,
    ...(reasonCode === undefined ? {} : { reasonCode }),
  };
  answerJson(response, status, body, { ...headers, 'Content-Type': 'application/problem+json' });
}

/** Whoever caches answers by themselves is not to keep this one. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(bytes);
}
